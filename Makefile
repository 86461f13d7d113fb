# SPDX-License-Identifier: GPL-2.0-only
#
# Says who builds what; Kbuild and the Makefiles below tools/ know how.

TOP     := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD   ?= $(TOP)/build
PREFIX  ?= /usr/local
VERSION := $(shell sed -n 's/^\#define SDIRECT_VERSION[^"]*"\(.*\)"/\1/p' \
	     $(TOP)/uapi/linux/sdirect.h)

# The running kernel where its headers are installed, else the newest.
HEADERS  = $(shell ls -d /lib/modules/*/build/Makefile 2>/dev/null | \
	     cut -d/ -f4 | sort -V)
ifeq ($(KVER),)
KVER     = $(or $(filter $(shell uname -r),$(HEADERS)),$(lastword $(HEADERS)))
endif
KDIR    ?= $(if $(KVER),/lib/modules/$(KVER)/build)
KBUILD   = $(MAKE) -C $(KDIR) M=$(TOP)
# A kernel that is not installed is for tests; its module has its own place.
OTHER    = $(filter-out /lib/modules/% /usr/src/%,$(KDIR))

# Distributions keep their key; without one kbuild signs nothing, but complains.
UNSIGNED = $(if $(CONFIG_MODULE_SIG_KEY)$(wildcard \
	     $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=n)
# A root shell need not have the administrator's directories in its PATH.
SBIN     = PATH="$$PATH:/usr/sbin:/sbin"

# The library first: the others link to it.
TOOLS   := lib preload run sdirectd sdirect examples
# The one of the system: setup installs pytest for it.
PYTHON  ?= /usr/bin/python3
VM_RUN   = $(TOP)/tools/vm/run --timeout 840 --share $(BUILD)

# The guest boots the kernel that the module is built for: tools/vm/run asks KVER.
export BUILD PREFIX DESTDIR PYTHON KVER

.PHONY: all
all: module tools ## build the module, the libraries and the tools

.PHONY: module
module: headers ## build sdirect.ko for KVER (KDIR=DIRECTORY: into build/)
	$(if $(OTHER),$(TOP)/tools/module-for $(KDIR) $(BUILD)/$(notdir $(KDIR)),\
	  $(KBUILD) W=1 KCFLAGS=-Werror modules)

# The module for these is build/FLAVOUR/sdirect.ko.
.PHONY: debug-kernel
debug-kernel: ## build the debug kernel, and the module for it
	$(TOP)/tools/setup debug
	kdir=$$($(TOP)/tools/debug-kernel) && \
		$(TOP)/tools/module-for "$$kdir" $(BUILD)/debug

.PHONY: kcsan-kernel
kcsan-kernel: ## build the kernel that finds data races, and the module
	$(TOP)/tools/setup debug
	kdir=$$($(TOP)/tools/debug-kernel --kcsan) && \
		$(TOP)/tools/module-for "$$kdir" $(BUILD)/kcsan

.PHONY: headers
headers:
	@test -e "$(KDIR)/Makefile" || { echo "no kernel headers in" \
	  "'$(or $(KDIR),/lib/modules/*/build)': run 'tools/setup build', or" \
	  "say KVER=VERSION or KDIR=DIRECTORY" >&2; exit 1; }

.PHONY: tools
tools: $(TOOLS:%=tools-%) ## build the libraries and the tools into build/

.PHONY: $(TOOLS:%=tools-%)
$(TOOLS:%=tools-%): tools-%:
	$(MAKE) -C $(TOP)/tools/$* all
$(filter-out tools-lib,$(TOOLS:%=tools-%)): tools-lib
# Both are made of the same objects.
tools-sdirect: tools-sdirectd

.PHONY: install
install: tools ## install libraries, tools, headers and manual pages
	for dir in preload $(filter-out preload,$(TOOLS)); do \
		$(MAKE) -C $(TOP)/tools/$$dir install || exit; \
	done
	install -d $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 $(TOP)/uapi/linux/sdirect*.h \
		$(DESTDIR)$(PREFIX)/include/linux
	for page in $(notdir $(wildcard $(TOP)/tools/man/*.[1-9])); do \
		install -D -m 644 $(TOP)/tools/man/$$page \
		$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page || exit; \
	done
	$(if $(DESTDIR),,test "$$(id -u)" -ne 0 || $(SBIN) ldconfig)

.PHONY: modules_install
modules_install: module ## install sdirect.ko for KVER
	$(KBUILD) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) $(UNSIGNED) \
		modules_install
	$(if $(DESTDIR),,$(SBIN) depmod $(KVER))

.PHONY: dkms
dkms: headers ## build and install the module for KVER through DKMS
	$(TOP)/tools/dkms-install "$(VERSION)" "$(KVER)"

# What setup installs is not seen by the make that ran it: hence another one.
.PHONY: demo
demo: ## set up, build, compare programs over TCP and over sdirect (NATIVE=1)
	$(TOP)/tools/setup build demo $(if $(NATIVE),,vm)
	$(MAKE) run-demo

.PHONY: run-demo
run-demo: all
	mkdir -p $(BUILD)
	$(if $(NATIVE),$(TOP)/tools/native,$(VM_RUN)) $(TOP)/tools/demo/run

# Natively: the library over memory; in the guest: everything.  Then the table.
BENCH_RUN = $(TOP)/tools/bench/run
BENCH_VM = $(TOP)/tools/vm/run --share $(BUILD) --timeout

.PHONY: bench
bench: ## set up, measure sdirect beside its rivals (NATIVE=1), judge
	$(TOP)/tools/setup build bench vm
	$(MAKE) run-bench BENCH_LIMIT=7200

.PHONY: bench-quick
bench-quick: ## the same, in less than 5 minutes
	$(TOP)/tools/setup build bench vm
	$(MAKE) run-bench BENCH_ARGS=--quick BENCH_LIMIT=600

.PHONY: run-bench
run-bench: all
	$(MAKE) -C $(TOP)/tools/bench all
	rm -f $(BUILD)/bench/*.json
	$(BENCH_RUN) native $(BENCH_ARGS)
	-$(TOP)/tools/bench/instructions
	-$(TOP)/tools/bench/rules
	$(if $(NATIVE),$(TOP)/tools/native,$(BENCH_VM) $(BENCH_LIMIT)) \
		$(BENCH_RUN) guest $(BENCH_ARGS)
	-$(if $(NATIVE),,$(BENCH_VM) 1800 --accel count --cpus 1 \
		$(TOP)/tools/bench/decisions)
	$(BENCH_RUN) report

.PHONY: bench-instructions
bench-instructions: tools ## count the instructions for a message (valgrind)
	$(TOP)/tools/setup build bench
	$(MAKE) -C $(TOP)/tools/bench all
	$(TOP)/tools/bench/instructions

.PHONY: demo-rdma
demo-rdma: ## set up, build, run Redis between hosts by RDMA, remove the device
	$(TOP)/tools/setup build demo vm
	$(MAKE) all
	$(VM_RUN) $(TOP)/selftests/rdma/rdma_demo.py

.PHONY: bench-rdma
bench-rdma: ## set up, measure RDMA beside TCP, rsockets and perftest
	$(TOP)/tools/setup build bench vm
	$(MAKE) all
	$(TOP)/tools/vm/run --timeout 3600 $(TOP)/selftests/rdma/compare.py

.PHONY: check
check: ## set up, build, run every test
	$(TOP)/tools/setup
	$(MAKE) run-check

.PHONY: run-check
run-check: all
	$(PYTHON) -m pytest $(PYTEST_ARGS) $(TOP)/selftests

# What was interrupted goes on; ONLY="STAGE..." chooses stages of all three.
.PHONY: check-compat
check-compat: all ## compare every call with TCP, on every transport
	$(TOP)/tools/setup build vm demo check programs suites
	$(PYTHON) $(TOP)/selftests/staged.py check-compat \
		$(if $(FRESH),--fresh) $(ONLY)

.PHONY: check-programs
check-programs: ## run real programs under the shim and on TCP
	$(MAKE) check-compat ONLY=programs

.PHONY: check-suites
check-suites: ## run other projects' test suites, and compare with TCP
	$(MAKE) check-compat ONLY=suites

.PHONY: check-rdma
check-rdma: all ## run the tests of connections between hosts
	$(TOP)/tools/setup build vm check
	$(PYTHON) -m pytest $(PYTEST_ARGS) $(TOP)/selftests/test_rdma.py \
		$(TOP)/selftests/test_rdma_spaces.py

.PHONY: check-debug
check-debug: debug-kernel all ## run the tests on the debug kernel (FRESH=1: all)
	$(TOP)/tools/setup
	$(PYTHON) $(TOP)/selftests/staged.py check-debug \
		$(if $(FRESH),--fresh) $(ONLY)

# Whole amounts of data: races take time to happen, and are reported once.
.PHONY: check-kcsan
check-kcsan: kcsan-kernel all ## look for data races with KCSAN (SECONDS=N)
	$(TOP)/tools/setup
	SDIRECT_KERNEL=kcsan SDIRECT_TIME=4 SDIRECT_SCALE=100 \
	SDIRECT_SECONDS=$(or $(SECONDS),60) $(PYTHON) -m pytest $(PYTEST_ARGS) \
		$(addprefix $(TOP)/selftests/,test_torture.py guest net)

.PHONY: soak
soak: debug-kernel all ## run them for HOURS=N or SECONDS=N, round after round
	$(TOP)/tools/setup
	$(PYTHON) $(TOP)/selftests/staged.py soak \
		--seconds $(or $(SECONDS),$$(($(or $(HOURS),8) * 3600))) \
		$(if $(SEED),--seed $(SEED)) $(if $(KERNEL),--kernel $(KERNEL)) \
		$(ONLY)

# What is found and what reaches more is kept in build/fuzz, where the next
# search begins; fuzz --shrink makes a corpus of it.
FUZZ_OUT = $(BUILD)/fuzz
FUZZ_SECONDS = $(or $(SECONDS),600)

.PHONY: fuzz
fuzz: debug-kernel tools ## make random calls, guided by KCOV, for SECONDS=N
	$(TOP)/tools/setup
	$(TOP)/tools/module-for "$$($(TOP)/tools/debug-kernel)" $(BUILD)/kcov \
		KCOV_INSTRUMENT=y
	$(MAKE) -C $(TOP)/selftests/torture
	mkdir -p $(FUZZ_OUT)
	$(TOP)/tools/vm/run --kernel debug --check-log --share $(FUZZ_OUT) \
		--console $(FUZZ_OUT)/console --env SDIRECT_BUILD=$(BUILD) \
		--env SDIRECT_TIME=4 --env SDIRECT_SECONDS=$(FUZZ_SECONDS) \
		--timeout $$(($(FUZZ_SECONDS) + 900)) \
		$(TOP)/selftests/torture/run.py $(BUILD)/kcov/sdirect.ko \
		"fuzz $(or $(FUZZ_ARGS),--kcov --corpus $(FUZZ_OUT) \
		$(TOP)/selftests/torture/corpus)"

# SECONDS=N is how long; 0: all of it, hours.  What was interrupted goes on.
.PHONY: check-fault
check-fault: debug-kernel all ## run the socket tests with allocations failing
	$(TOP)/tools/setup
	SDIRECT_KERNEL=debug SDIRECT_DEBUG_KERNEL=1 SDIRECT_TIME=4 \
		$(if $(SECONDS),SDIRECT_SECONDS=$(SECONDS)) \
		$(if $(SEED),SDIRECT_SEED=$(SEED)) \
		$(PYTHON) -m pytest $(PYTEST_ARGS) $(TOP)/selftests/test_fault.py

# More cases, kills and seconds than make check takes.
.PHONY: check-policy
check-policy: all ## run the tests of the policy alone (SECONDS=N, KILLS=N)
	$(TOP)/tools/setup
	SDIRECT_POLICY_CASES=200000 SDIRECT_POLICY_KILLS=$(or $(KILLS),1000) \
		SDIRECT_POLICY_RELOADS=100 \
		SDIRECT_POLICY_SECONDS=$(or $(SECONDS),600) \
		$(PYTHON) -m pytest $(PYTEST_ARGS) $(addprefix $(TOP)/selftests/,\
		"test_native.py::test_units[sdirectd]" test_policy.py \
		test_judge.py test_policy_live.py)

# COVERAGE_ARGS: see selftests/coverage/run --help.
.PHONY: coverage
coverage: debug-kernel ## say which lines no test reaches
	$(TOP)/tools/setup build vm check coverage
	$(PYTHON) $(TOP)/selftests/coverage/run $(COVERAGE_ARGS)

# make check does the fast ones, as tests.
.PHONY: lint
lint: ## set up, do every static check (LINT=NAME: this one)
	$(TOP)/tools/setup lint
	$(TOP)/tools/lint/run $(LINT)

# Bugs planted in a copy of the tree; MUTANTS="NAME...": only these.
.PHONY: mutants
mutants: debug-kernel ## plant bugs, show which check catches each
	$(TOP)/tools/setup build vm check lint
	$(TOP)/selftests/mutants/run $(MUTANTS)

.PHONY: clean
clean: ## remove what was built
	for dir in $(TOOLS) bench; do \
		$(MAKE) -C $(TOP)/tools/$$dir clean || exit; \
	done
	$(if $(wildcard $(KDIR)/Makefile),$(KBUILD) clean)
	rm -rf $(BUILD)

.PHONY: distclean
distclean: clean ## remove the cached guest kernels as well
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/sdirect"

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z_-]*\):.*## /\1\t/p' $(TOP)/Makefile | expand -t 20
