# Everything this project can be asked for. CI calls `make test` and nothing
# else. Needs Rust (rustup reads rust-toolchain.toml), Python 3.10 or newer with
# venv, and make; further tools go to .venv, at the versions of
# tools/requirements.txt.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Arguments of the program, e.g. make run ARGS="--now 2026-01-31T09:00:00Z"
ARGS ?=
# What is deployed where: see infra/parameters.example.yaml and samconfig.toml.
STAGE ?= default
PARAMETERS ?= infra/parameters.yaml
# How long the proofs below go on, and which they are.
SEEDS ?= 200
FROM ?= 1
PAIRS ?= 0
EVERY ?= 1
ORDERS ?= 1000
CASES ?= 20000
SEED ?= 1
TARGET ?= request
SECONDS ?= 60
# Which catalogue is published to which table.
CATALOGUE ?= infra/catalogue.json
TABLE ?=
REGION ?= $(AWS_REGION)

PYTHON ?= python3
VENV := .venv
TOOLS := $(VENV)/.installed
TEMPLATES := template.yaml infra/data.yaml infra/observability.yaml infra/alarms.yaml
PROOF := cargo run --locked --quiet --profile proof -p tests --bin proof --
LOCAL := cargo run --locked --quiet -p local --

# Tools neither write beside the sources nor report home; the region only
# stands in where SAM asks for one.
export PYTHONDONTWRITEBYTECODE := 1
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= eu-west-3

##@ Daily

.PHONY: run
run: ## Start the whole cloud on this machine (PORT, default 3000; ARGS="--now …")
	@echo "Building; the first time takes some minutes."
	cargo run --locked -p local -- $(ARGS)

.PHONY: test
test: check-format check-templates check-dependencies check-code test-code check-openapi check-contract check-documents check-provider test-story ## Everything CI checks

.PHONY: demo
demo: ## Play a customer's story against the running stack, or (ARGS=own) one of its own
	$(PYTHON) tools/demo.py $(ARGS)

.PHONY: format
format: ## Format the Rust code
	cargo fmt --all

.PHONY: openapi
openapi: ## Write infra/openapi.json anew from the operations
	$(LOCAL) openapi

.PHONY: alarms
alarms: $(TOOLS) ## Write infra/alarms.yaml anew from template.yaml
	$(VENV)/bin/python tools/alarms.py

.PHONY: bench
bench: ## Measure (ARGS names what)
	cargo bench --locked -p tests $(if $(ARGS),-- $(ARGS))

##@ The parts of `make test`

.PHONY: check-format
check-format: ## The code is formatted
	cargo fmt --all --check

.PHONY: check-code
check-code: ## Clippy has nothing to say, about the functions' binaries neither
	cargo clippy --workspace --all-targets --locked -- -D warnings

# Not `cargo test --workspace`: it would link every function's binary.
.PHONY: test-code
test-code: ## Unit, integration and documentation tests
	cargo test --workspace --lib --test '*' --locked
	cargo test --workspace --doc --locked

.PHONY: test-story
test-story: ## The story of `make demo`, on a stack of its own
	$(PYTHON) tools/demo.py own

.PHONY: check-templates
check-templates: $(TOOLS) ## The templates are valid, within limits, and permit no more than needed
	$(VENV)/bin/cfn-lint $(TEMPLATES)
	$(VENV)/bin/sam validate --lint --template-file template.yaml
	$(VENV)/bin/python tools/check_template.py
	$(VENV)/bin/python tools/alarms.py --check

.PHONY: check-dependencies
check-dependencies: ## Licences, sources, banned crates, one stack of each kind
	$(PYTHON) tools/check_dependencies.py

.PHONY: check-openapi
check-openapi: $(TOOLS) ## infra/openapi.json is what the operations say, and valid
	$(LOCAL) openapi --check
	$(VENV)/bin/openapi-spec-validator infra/openapi.json

.PHONY: check-contract
check-contract: $(TOOLS) ## The quick share of `make contract-fuzz`
	$(VENV)/bin/python tools/contract_fuzz.py --cases 300

.PHONY: check-documents
check-documents: $(TOOLS) ## Samples of invoices are valid e-invoices, and can be read
	$(VENV)/bin/python tools/check_documents.py

.PHONY: check-provider
check-provider: $(TOOLS) ## Stripe's own client and our simulator and webhook understand each other
	$(VENV)/bin/python tools/check_provider.py

##@ Proof under faults: see docs/reliability.md

.PHONY: simulate
simulate: ## Play SEEDS histories of a whole shop, FROM this one on, each twice
	$(PROOF) simulate --seeds $(SEEDS) --from $(FROM) --twice

.PHONY: replay
replay: ## Play the history of SEED again, shortened as far as it still fails
	$(PROOF) replay $(SEED)

.PHONY: crash-points
crash-points: ## Fail every act at every effect in every way, and with so many PAIRS of crashes
	$(PROOF) crash-points --pairs $(PAIRS)

.PHONY: days
days: ## Play days of so many ORDERS, and compare each with the provider's book
	$(PROOF) days --orders $(ORDERS)

.PHONY: splits
splits: ## Split ten million random amounts: no cent is lost
	cargo test --locked --quiet --release -p domain --test splits -- --ignored --nocapture

.PHONY: kills
kills: ## Run the functions as released, and kill the process at every EVERY-th effect
	$(PROOF) kills --every $(EVERY)

.PHONY: conditions
conditions: ## Take each condition of the shop's writes away: somebody must miss it
	$(PROOF) conditions --seeds $(SEEDS)

.PHONY: sabotage
sabotage: ## Plant one-line bugs: somebody must miss each; writes docs/sabotage.md
	$(PYTHON) tools/sabotage.py --report docs/sabotage.md

.PHONY: contract-fuzz
contract-fuzz: $(TOOLS) ## Ask the API whether its description is true (CASES, SEED)
	$(VENV)/bin/python tools/contract_fuzz.py --cases $(CASES) --seed $(SEED)

.PHONY: fuzz
fuzz: ## Fuzz one TARGET of tests/fuzz for SECONDS, guided by coverage (needs g++)
	tools/fuzz.sh "$(TARGET)" "$(SECONDS)"

.PHONY: mutants
mutants: ## Change the domain a little, everywhere: a test must notice (needs cargo-mutants)
	PROPTEST_DISABLE_FAILURE_PERSISTENCE=true PROPTEST_MAX_SHRINK_ITERS=0 cargo mutants

##@ Deploying

.PHONY: build
build: $(TOOLS) ## One zip per function, for arm64 where the target is installed
	tools/build.sh

.PHONY: deploy
deploy: build ## Deploy (STAGE of samconfig.toml, PARAMETERS file)
	@test -f $(PARAMETERS) || { echo "$(PARAMETERS) is missing: copy infra/parameters.example.yaml and fill it in" >&2; exit 1; }
	$(VENV)/bin/sam deploy --template-file template.yaml --config-env $(STAGE) \
	    --parameter-overrides "file://$(abspath $(PARAMETERS))" "Architecture=$$(cat target/lambda/architecture)"

.PHONY: catalogue
catalogue: ## Publish CATALOGUE to the deployed TABLE in REGION (AWS credentials from the environment)
	$(LOCAL) publish-catalogue --table "$(TABLE)" --region "$(REGION)" --file "$(CATALOGUE)"

##@ Housekeeping

# The list is complete and hashed, so nothing is resolved: what is not on it
# does not come in.
$(TOOLS): tools/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	$(VENV)/bin/pip check --disable-pip-version-check
	@touch $@

.PHONY: tools
tools: $(TOOLS) ## Install the tools into .venv

.PHONY: clean
clean: ## Remove everything that was built or installed
	cargo clean
	rm -rf $(VENV) .aws-sam

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
