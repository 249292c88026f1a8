"""Reads CloudFormation templates: the deployable ones, before and after SAM's transform."""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

# SAM writes ARNs for a region; which one does not matter here.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-3")

import yaml  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402

# It warns of its own feature toggles.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "template.yaml"
NESTED = [ROOT / "infra" / name for name in ("data.yaml", "observability.yaml", "alarms.yaml")]

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Sub x` becomes `{"Fn::Sub": "x"}`."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def read(path: Path) -> Template:
    """A template as it is written."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506: a SafeLoader


def _placeholder(parameter: Template) -> Any:
    """A value as CloudFormation hands it to the transform: a list stays a list."""
    value = parameter.get("Default", "https://shop.example.com")
    return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value


def transform(template: Template) -> Template:
    """What CloudFormation sees: SAM's resources turned into plain ones."""
    parameters = {
        name: _placeholder(parameter) for name, parameter in template.get("Parameters", {}).items()
    }
    packaged = copy.deepcopy(template)
    for resource in packaged["Resources"].values():
        # `sam deploy` uploads local files first; the transform takes no other.
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return Translator({}, Parser()).translate(packaged, parameter_values=parameters)


def functions(template: Template) -> dict[str, Template]:
    """Every function by its logical id, the globals merged into its properties."""
    common = template["Globals"]["Function"]
    return {
        logical_id: {**common, **resource["Properties"]}
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def operation(function: Template) -> str:
    """The operation id a function is named after."""
    return function["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
