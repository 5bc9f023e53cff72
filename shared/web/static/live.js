// Live updates: a page is told when something it may see has changed, and looks anew by itself.
//
// The tabs of one browser share a connection where they can: browsers allow but six to one server.

const ADDRESS = "/api/v1/live";
const CHANNEL = "shaodao-live";
const GATHER_MS = 500; // bursts come as one
const SILENT_MS = 40_000; // the server says something every 15 s; a dead line says nothing
const AGAIN_MS = [1000, 2000, 5000, 10_000, 30_000];

/**
 * Call `onChange` once after every connect, and after each change: with the Set of the
 * whistle_ids and ticket_ids that changed, or null where anything may have. It may be async; calls
 * never overlap.
 * `onState` is told true and false as the line comes and goes.
 */
export function follow(onChange, onState = () => {}) {
  const gathered = gatherer(onChange);
  const take = ({ kind, id }) => {
    if (kind === "state") onState(id);
    else gathered(kind === "one" ? id : null);
  };
  if (!navigator.locks || !globalThis.BroadcastChannel) {
    connect(take); // both need https, or this very machine
    return;
  }
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", (event) => take(event.data));
  gathered(null); // what happened while this page was loaded, if another has the line
  navigator.locks.request(CHANNEL, () => {
    connect((message) => {
      channel.postMessage(message);
      take(message);
    });
    return new Promise(() => {}); // as long as this page lives
  });
}

/** A function that takes ids, or null for all, and calls `act` with what came together. */
function gatherer(act) {
  let ids = new Set();
  let all = false;
  let timer = null;
  let busy = false;

  async function go() {
    timer = null;
    if (busy || (!all && !ids.size)) return;
    const seen = all ? null : ids;
    ids = new Set();
    all = false;
    busy = true;
    try {
      await act(seen);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the network is away: it is asked again then
    } finally {
      busy = false;
      if (all || ids.size) timer ??= setTimeout(go, GATHER_MS);
    }
  }

  return (id) => {
    if (id === null) all = true;
    else ids.add(id);
    timer ??= setTimeout(go, GATHER_MS);
  };
}

/** Keep a connection, and say what comes: {kind: "all"}, {kind: "one", id}, {kind: "state", id}. */
function connect(say) {
  let failed = 0;
  let source = null;
  let watch = null;
  let later = null;

  function open() {
    clearTimeout(later);
    later = null;
    source?.close();
    source = new EventSource(ADDRESS);
    const heard = (act) => (event) => {
      watched();
      act(event);
    };
    source.addEventListener("ready", heard(() => {
      failed = 0;
      say({ kind: "state", id: true });
      say({ kind: "all" });
    }));
    source.addEventListener("reload", heard(() => say({ kind: "all" })));
    source.addEventListener("tick", heard(() => {}));
    for (const noun of ["whistle", "ticket"]) {
      source.addEventListener(noun, heard((event) => {
        say({ kind: "one", id: JSON.parse(event.data)[`${noun}_id`] });
      }));
    }
    source.addEventListener("error", lost);
    watched();
  }

  function watched() {
    clearTimeout(watch);
    watch = setTimeout(lost, SILENT_MS);
  }

  function lost() {
    clearTimeout(watch);
    source.close(); // we wait longer each time, and after every answer; the browser does not
    say({ kind: "state", id: false });
    later ??= setTimeout(open, AGAIN_MS[Math.min(failed, AGAIN_MS.length - 1)]);
    failed += 1;
  }

  addEventListener("offline", lost);
  addEventListener("online", () => later !== null && open());
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
