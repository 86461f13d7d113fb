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
TOOLS   := lib preload run sdirect examples
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

.PHONY: install
install: tools ## install libraries, tools, headers and manual pages
	for dir in $(TOOLS); do \
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

.PHONY: check
check: ## set up, build, run every test
	$(TOP)/tools/setup
	$(MAKE) run-check

.PHONY: run-check
run-check: all
	$(PYTHON) -m pytest $(PYTEST_ARGS) $(TOP)/selftests

# A kernel with these checks is several times slower: less of each, more time.
.PHONY: check-debug
check-debug: debug-kernel all ## run the tests on the debug kernel
	$(TOP)/tools/setup
	SDIRECT_KERNEL=debug SDIRECT_DEBUG_KERNEL=1 SDIRECT_SCALE=25 \
	SDIRECT_TIME=4 SDIRECT_SECONDS=30 $(PYTHON) -m pytest $(PYTEST_ARGS) \
		$(addprefix $(TOP)/selftests/,test_kunit.py test_torture.py \
		guest net)

# make check does the fast ones, as tests.
.PHONY: lint
lint: ## set up, do every static check (LINT=NAME: this one)
	$(TOP)/tools/setup lint
	$(TOP)/tools/lint/run $(LINT)

.PHONY: clean
clean: ## remove what was built
	for dir in $(TOOLS); do \
		$(MAKE) -C $(TOP)/tools/$$dir clean || exit; \
	done
	$(if $(wildcard $(KDIR)/Makefile),$(KBUILD) clean)
	rm -rf $(BUILD)

.PHONY: distclean
distclean: clean ## remove the cached guest kernels as well
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/sdirect"

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z_-]*\):.*## /\1\t/p' $(TOP)/Makefile | expand -t 18
