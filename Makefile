# Seven words, and nothing else to remember. Each is one script; what it does is said at its top.
.PHONY: install demo test lint types contract bench

install: ; @scripts/install.sh
demo: install ; @scripts/demo.sh
test: install ; @.venv/bin/python scripts/test.py
lint: install ; @scripts/lint.sh
types: install ; @scripts/types.sh
contract: install ; @.venv/bin/python scripts/test.py clusters
bench: install ; @scripts/bench.sh
