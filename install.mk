# SPDX-License-Identifier: BSD-2-Clause
# Where things go. All of it can be set: make install DESTDIR=/tmp/stage PREFIX=/usr
BINDIR        ?= $(PREFIX)/bin
SBINDIR       ?= $(PREFIX)/sbin
MANDIR        ?= $(PREFIX)/share/man
DOCDIR        ?= $(PREFIX)/share/doc/postseal
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
PAGESDIR      ?= $(PREFIX)/share/postseal/mailbox
SHAREDIR      ?= $(PREFIX)/share/postseal
# systemd reads these below /usr/local as well.
UNITDIR       ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR   ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR   ?= $(PREFIX)/lib/tmpfiles.d
# The programs look here, whatever PREFIX is.
CONFDIR       := /etc/postseal

# $(call put,MODE,DIRECTORY,FILES)
put = install -d $(DESTDIR)$(2) && install -m $(1) $(3) $(DESTDIR)$(2)

SECTIONS := $(sort $(patsubst .%,%,$(suffix $(wildcard man/*.[1-8]))))
EXAMPLES := $(wildcard examples/*)

## install     install programs, pages, units, completion, examples (DESTDIR=, PREFIX=)
.PHONY: install
install: all
	$(call put,755,$(BINDIR),$(BUILD)/postseal)
	$(call put,755,$(SBINDIR),$(filter-out $(BUILD)/postseal,$(PROGRAMS:%=$(BUILD)/%)))
	$(foreach s,$(SECTIONS),$(call put,644,$(MANDIR)/man$(s),$(wildcard man/*.$(s))) &&) true
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR)
	for unit in $(notdir $(wildcard systemd/*.service systemd/*.socket systemd/*.timer systemd/*.target)); do \
	    sed -e 's|/usr/sbin/|$(SBINDIR)/|' -e 's|/usr/bin/|$(BINDIR)/|' systemd/$$unit \
	        >$(DESTDIR)$(UNITDIR)/$$unit && chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit; done
	for name in postseal postseal-mailbox; do \
	    install -m 644 systemd/$$name.sysusers $(DESTDIR)$(SYSUSERSDIR)/$$name.conf && \
	    install -m 644 systemd/$$name.tmpfiles $(DESTDIR)$(TMPFILESDIR)/$$name.conf || exit; done
	$(call put,644,$(SHAREDIR),fleet/postseal-share.sql)
	$(call put,644,$(COMPLETIONDIR),completions/postseal)
	$(call put,644,$(DOCDIR),README.md)
	$(call put,644,$(DOCDIR)/examples,postseal.conf.sample)
	$(call put,644,$(DOCDIR)/examples/postfix,$(wildcard postfix-examples/*))
	$(if $(EXAMPLES),cp -R --preserve=mode $(EXAMPLES) $(DESTDIR)$(DOCDIR)/examples)
	install -d $(DESTDIR)$(PAGESDIR)
	cp -R --preserve=mode $(BUILD)/web/. $(DESTDIR)$(PAGESDIR)
	install -d $(DESTDIR)$(CONFDIR)
	test -e $(DESTDIR)$(CONFDIR)/postseal.conf || \
	    install -m 644 postseal.conf.sample $(DESTDIR)$(CONFDIR)/postseal.conf

# Whatever `install` would install is removed; settings only as long as they are the
# sample's, the ledger and the user not at all. Units that systemd has from here, and from no
# package, are stopped and disabled before: no daemon is to run from a file that is gone.
## uninstall   remove what `make install` installed, with the same DESTDIR= and PREFIX=
.PHONY: uninstall
uninstall: FROM = $(and $(DESTDIR),$(abspath $(DESTDIR)))
uninstall: all
	rm -rf $(BUILD)/installed
	$(MAKE) --silent install DESTDIR=$(abspath $(BUILD))/installed
	cmp -s postseal.conf.sample $(FROM)$(CONFDIR)/postseal.conf || \
	    rm $(BUILD)/installed$(CONFDIR)/postseal.conf
	test -n '$(DESTDIR)' || test ! -d /run/systemd/system || { cd $(BUILD)/installed$(UNITDIR) && \
	    for unit in *; do \
	        path=$$(systemctl show --property=FragmentPath --value "$$unit" 2>/dev/null) && \
	        test "$$path" -ef "$(UNITDIR)/$$unit" && echo "$$unit"; done | \
	    xargs -r systemctl disable --now --quiet; }
	cd $(BUILD)/installed && find . -type f -printf '$(FROM)/%P\0' | xargs -0 rm -f
	cd $(BUILD)/installed && find . -depth -type d -path '*/postseal*' -printf '$(FROM)/%P\0' | \
	    xargs -0 sh -c 'for d; do test ! -d "$$d" || rmdir --ignore-fail-on-non-empty "$$d" || exit; done' -
	rm -rf $(BUILD)/installed
	test -n '$(DESTDIR)' || test ! -d /run/systemd/system || systemctl daemon-reload

## check-package install, upgrade, remove and purge the packages of `make deb` (PREVIOUS=FILE.deb: upgraded from that one, too) in a throw-away copy of this system (as root)
.PHONY: check-package
check-package: all
	tests/deps.sh deb
	tests/package/run $(DEB) $(PREVIOUS)

## check-reproducible build the packages of `make deb` once more, elsewhere, and compare their bytes
.PHONY: check-reproducible
check-reproducible:
	tests/deps.sh build
	tests/deps.sh deb
	tests/package/twice $(DEB)

# The steps are named in tests/release/run; STEPS="demo deb" takes some of them.
RELEASE ?= trixie
## check-release RELEASE=trixie  README's commands on a bare system of that Debian release (as root)
.PHONY: check-release
check-release:
	tests/deps.sh release
	tests/deps.sh live
	tests/release/run $(RELEASE) $(STEPS)

# Built from a copy, so that neither this tree nor its parent is written to.
DEB      := $(BUILD)/deb
DEB_TREE := $(DEB)/postseal-$(VERSION)

## deb         build the Debian package in $(BUILD)/deb, after installing what that needs (as root)
.PHONY: deb
deb:
	tests/deps.sh build
	tests/deps.sh deb
	@test "$$(dpkg-parsechangelog -S Version)" = '$(VERSION)' || { \
	    echo 'debian/changelog is of another version than Makefile, $(VERSION)' >&2; exit 1; }
	rm -rf $(DEB)
	mkdir -p $(DEB_TREE)
	tar --exclude-vcs --exclude='./build*' -cf - . | tar -xf - -C $(DEB_TREE)
	cd $(DEB_TREE) && env -u MAKEFLAGS -u BUILD dpkg-buildpackage -us -uc -b
	rm -rf $(DEB_TREE)
	tests/lint/deb $(DEB)/*.changes

# Of what is committed, and dated by the commit: whoever repeats it gets the same bytes.
# The compressor is told to write neither name nor time.
DIST := $(BUILD)/dist
REF  ?= v$(VERSION)

## dist        the tarball of this version's tag and its checksum, in $(BUILD)/dist (REF=HEAD: of another commit)
.PHONY: dist
dist:
	@git rev-parse --quiet --verify '$(REF)^{commit}' >/dev/null || { \
	    echo 'there is no tag or commit $(REF); make dist REF=HEAD takes what is committed' >&2; exit 1; }
	@git show '$(REF):Makefile' | grep -qx 'VERSION := $(VERSION)' || { \
	    echo '$(REF) is not of version $(VERSION)' >&2; exit 1; }
	rm -rf $(DIST)
	mkdir -p $(DIST)
	git -c core.autocrlf=false -c tar.umask=0022 archive --format=tar --prefix=postseal-$(VERSION)/ \
	    -o $(DIST)/postseal-$(VERSION).tar '$(REF)^{commit}'
	gzip -9 -n $(DIST)/postseal-$(VERSION).tar
	cd $(DIST) && sha256sum postseal-$(VERSION).tar.gz >SHA256SUMS && cat SHA256SUMS
