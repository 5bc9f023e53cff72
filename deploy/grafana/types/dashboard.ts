// What a dashboard of ours may be, from Grafana's own schema: panels by their kind, with the
// options of that kind, and queries of Prometheus. The JSON files are assigned to `Dashboard`.
import type {
  DataQuery,
  DataSourceRef,
  Dashboard as Whole,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
} from "@grafana/schema";
import type { Options as BarGauge } from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type {
  FieldConfig as HeatmapField,
  Options as Heatmap,
} from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts";
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeries,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

// JSON has the values of an enum of words, not its members.
type Json<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends (infer Item)[]
      ? Json<Item>[]
      : unknown extends T
        ? T
        : { [Key in keyof T]: Json<T[Key]> };

interface Query extends Omit<DataQuery, "datasource"> {
  datasource: Required<Pick<DataSourceRef, "type" | "uid">>;
  editorMode: "code";
  expr: string;
  format?: "heatmap";
  instant: boolean;
  legendFormat: string;
  range: boolean;
}

type Field<Custom> = Omit<FieldConfig, "custom"> & { custom?: Partial<Custom> };

interface Of<Kind extends string, Options, Custom = Record<string, never>>
  extends Omit<Panel, "type" | "options" | "fieldConfig" | "targets"> {
  type: Kind;
  id: number;
  title: string;
  description: string;
  options: Options;
  fieldConfig: Omit<FieldConfigSource, "defaults"> & { defaults: Field<Custom> };
  targets: Query[];
}

type OurPanel =
  | Of<"stat", Stat>
  | Of<"timeseries", TimeSeries, TimeSeriesField>
  | Of<"bargauge", Omit<BarGauge, "legend"> & Partial<Pick<BarGauge, "legend">>>
  | Of<"heatmap", Heatmap, HeatmapField>;

export type Dashboard = Json<Omit<Whole, "panels"> & { panels: (OurPanel | RowPanel)[] }>;
