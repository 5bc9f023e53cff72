"""`shaodao secrets`: makes the secrets of a deployment, for compose or for Kubernetes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.output import err
from deploy.local.data_folder import DataFolder
from deploy.local.deployment_secrets import manifests, write_files


def secrets(
    folder: Annotated[Path, typer.Argument(help="存放密钥的目录 / where they are kept")],
    kubernetes: Annotated[
        bool,
        typer.Option(
            "--kubernetes", help="输出 Secret 清单 / print Secrets for kubectl apply -f -"
        ),
    ] = False,
    trial: Annotated[
        bool, typer.Option("--trial", help="另建各角色的试用账号 / accounts of every role, to try")
    ] = False,
) -> None:
    """生成部署所需的全部密钥；重复执行结果相同 / make a deployment's secrets, once for all.

    目录只有属主可读，务必另行备份：丢失 vault_key 即丢失密封的个人信息。
    """
    place = DataFolder(folder.expanduser().resolve())
    if kubernetes:
        items = manifests(place, trial=trial)
        print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, ensure_ascii=False))
        return
    empty = write_files(place, trial=trial)
    err.print(f"{place.path}：已就绪；账号 shaodao accounts --data {folder} / made", soft_wrap=True)
    for file in empty:
        err.print(f"  请填写 / to be filled in: {file}", markup=False, soft_wrap=True)
