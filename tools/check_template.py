#!/usr/bin/env python3
"""Checks template.yaml against the rules it states, on what CloudFormation would see.

Prints how many of a stack's 500 resources are used; fails with one line per
broken rule, each saying what to do.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import Any, Iterator

import template
from template import Template

MOST_RESOURCES = 500
WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
ITEM_ACTIONS = WRITES | {"GetItem", "BatchGetItem", "BatchWriteItem", "Query", "ConditionCheckItem"}


def pascal(operation: str) -> str:
    """The logical id of an operation: `create_order` is `CreateOrder`."""
    return "".join(word.capitalize() for word in operation.split("_"))


def as_list(value: Any) -> list[Any]:
    """IAM takes one or a list nearly everywhere."""
    return value if isinstance(value, list) else [value]


def check_names(source: Template) -> Iterator[str]:
    """Binary, function, logical id, log group and policy have one name."""
    resources = source["Resources"]
    for logical_id, function in template.functions(source).items():
        operation = template.operation(function)
        if pascal(operation) != logical_id:
            yield f"{logical_id}: FunctionName says {operation}, so the logical id should be {pascal(operation)}"
        zip_path = f"target/lambda/{operation}/bootstrap.zip"
        if function.get("CodeUri") != zip_path:
            yield f"{logical_id}: CodeUri should be {zip_path}"
        role, logs = resources.get(f"{logical_id}Role"), resources.get(f"{logical_id}Logs")
        if role is None or function.get("Role") != {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}:
            yield f"{logical_id}: needs a role of its own, {logical_id}Role"
        elif [policy["PolicyName"] for policy in role["Properties"].get("Policies", [])] != [operation]:
            yield f"{logical_id}Role: needs exactly one policy, {operation}"
        elif "ManagedPolicyArns" in role["Properties"]:
            yield f"{logical_id}Role: managed policies permit more than the function does; write statements"
        if logs is None or function.get("LoggingConfig", {}).get("LogGroup") != {"Ref": f"{logical_id}Logs"}:
            yield f"{logical_id}: needs a log group of its own, {logical_id}Logs"
        elif "RetentionInDays" not in logs["Properties"]:
            yield f"{logical_id}Logs: needs RetentionInDays, or logs are kept for ever"


def check_sizes(transformed: Template) -> Iterator[str]:
    """Memory and timeout are decided, not defaulted."""
    for logical_id, resource in transformed["Resources"].items():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        for setting in ("MemorySize", "Timeout", "Role", "LoggingConfig", "Architectures"):
            if setting not in resource["Properties"]:
                yield f"{logical_id}: {setting} is missing"


def check_statement(where: str, statement: Template) -> Iterator[str]:
    """One statement of a policy permits no more than it must."""
    actions = {action.removeprefix("dynamodb:") for action in as_list(statement["Action"])}
    condition = statement.get("Condition", {})
    for action in as_list(statement["Action"]):
        if "*" in action:
            yield f"{where}: {action} permits more than the function does; name the actions"
        if action in ("dynamodb:Scan", "dynamodb:PartiQLSelect"):
            yield f"{where}: {action} reads what no key names; nothing scans"
    for resource in as_list(statement["Resource"]):
        if resource == "*":
            yield f"{where}: names no resource"
    if not actions & ITEM_ACTIONS:
        return
    prefixes = condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
    if not prefixes:
        yield f"{where}: {', '.join(sorted(actions))} needs dynamodb:LeadingKeys"
        return
    for prefix in as_list(prefixes):
        if not re.fullmatch(r"[A-Z]+(#[A-Za-z_]+)*(#\*)?", prefix):
            yield f"{where}: {prefix} is no prefix of one kind of key"
        if prefix.startswith(("LEDGER#", "AUDIT#")) and actions & (WRITES | {"BatchWriteItem"}):
            enclosing = condition.get("ForAnyValue:StringEquals", {}).get("dynamodb:EnclosingOperation")
            if actions != {"PutItem"} or enclosing != ["TransactWriteItems"]:
                yield f"{where}: {prefix} is append-only, and written with PutItem inside transactions only"


def check_policies(transformed: Template) -> Iterator[str]:
    """Each function may do what it does, on the keys it touches."""
    for logical_id, resource in transformed["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"].get("Policies", []):
            for number, statement in enumerate(policy["PolicyDocument"]["Statement"], start=1):
                yield from check_statement(f"{logical_id}, statement {number}", statement)


def check_cors(transformed: Template) -> Iterator[str]:
    """Exact origins, with credentials; SAM drops settings it cannot merge without a word."""
    cors = transformed["Resources"]["HttpApi"]["Properties"]["Body"].get("x-amazon-apigateway-cors", {})
    origins = cors.get("allowOrigins")
    if not isinstance(origins, list) or "*" in origins or cors.get("allowCredentials") is not True:
        yield "HttpApi: CORS needs a list of exact origins and credentials"
    for setting in ("allowMethods", "allowHeaders", "exposeHeaders", "maxAge"):
        if setting not in cors:
            yield f"HttpApi: the transform lost {setting} of CORS"


def check_secrets(transformed: Template) -> Iterator[str]:
    """No secret is in the environment or in the template."""
    text = str(transformed)
    for mark in ("{{resolve:", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"):
        if mark in text:
            yield f"template.yaml holds {mark}…: secrets are read from Secrets Manager when needed"


def check_counts(name: str, transformed: Template) -> Iterator[str]:
    """A stack holds 500 resources."""
    kinds = Counter(resource["Type"] for resource in transformed["Resources"].values())
    print(f"{name}: {kinds.total()} of {MOST_RESOURCES} resources")
    if name == template.MAIN.name:
        for kind, count in kinds.most_common():
            print(f"  {count:4} {kind}")
        functions = kinds["AWS::Lambda::Function"]
        for kind in ("AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::Lambda::Permission"):
            # One log group is the gateway's; CodeDeploy and each schedule have a role.
            if kinds[kind] > functions + 6:
                yield f"{kinds[kind]} of {kind} for {functions} functions: a function has one"
    if kinds.total() >= MOST_RESOURCES:
        yield f"{name} holds {kinds.total()} resources: move some to a nested stack"


def main() -> None:
    """Checks the main template and the nested ones."""
    source = template.read(template.MAIN)
    transformed = template.transform(source)
    broken = [
        *check_names(source),
        *check_sizes(transformed),
        *check_policies(transformed),
        *check_cors(transformed),
        *check_secrets(transformed),
        *check_counts(template.MAIN.name, transformed),
    ]
    for path in template.NESTED:
        broken += check_counts(f"infra/{path.name}", template.read(path))
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
