# Keydesk. `make help` lists the targets.
SHELL := /bin/bash
GO ?= go
# A newer Node than the machine's, where .ci/install had to fetch one.
export PATH := $(CURDIR)/.ci/bin:$(PATH)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
HAND_WRITTEN = $(shell git ls-files -co --exclude-standard '*.go' | grep -v '_templ\.go$$')

.PHONY: help run dev test test-deps check format-check generated-check vet lint generate fmt build cover fuzz scan shots lighthouse bench

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: ## start Keydesk on the embedded account
	$(GO) run .

dev: ## start Keydesk, and again whenever a file changes
	$(GO) tool templ generate -watch -watch-pattern '(.+\.go$$)|(.+\.templ$$)|(.+\.css$$)|(.+\.js$$)|(.+\.sql$$)' -cmd '$(GO) run .'

test: test-deps ## install what the tests need and run them all, browser tests included
	$(GO) test -race -shuffle=on -timeout 15m ./...

test-deps: ## install a C compiler and a browser, where they are missing
	@.ci/install

check: format-check generated-check vet lint test ## what continuous integration runs

format-check:
	@out=$$(gofmt -l $(HAND_WRITTEN)); test -z "$$out" || { echo "not formatted, run make fmt:"; echo "$$out"; exit 1; }

generated-check:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	git ls-files -co --exclude-standard '*_templ.go' | sort | xargs sha256sum > "$$dir/before" && \
	$(GO) tool templ generate -log-level error && \
	git ls-files -co --exclude-standard '*_templ.go' | sort | xargs sha256sum > "$$dir/after" && \
	diff "$$dir/before" "$$dir/after" >/dev/null || { echo "generated templates were not up to date; they are now"; exit 1; }
	@$(GO) mod tidy -diff

vet:
	$(GO) vet ./...

lint: ## static analysis beyond vet
	$(GO) run $(STATICCHECK) ./...

generate: ## rebuild the templates
	$(GO) generate ./...

fmt: ## format Go and templates
	gofmt -w $(HAND_WRITTEN)
	$(GO) tool templ fmt views

build: ## build ./keydesk
	$(GO) build -trimpath -o keydesk .

FUZZTIME ?= 1m
fuzz: ## every fuzz target for FUZZTIME (1m)
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		for target in $$(grep -oP '^func \KFuzz\w+' "$$file"); do \
			echo "$$file $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
		done; \
	done

scan: ## scan code, licences and a running Keydesk; docs/security.md explains what they find
	@GO="$(GO)" .ci/scan

cover: test-deps ## tests with coverage of the packages that matter most
	$(GO) test -coverpkg=./handlers/...,./iamsvc/...,./web/... -coverprofile=cover.out ./...
	$(GO) tool cover -func=cover.out | tail -1

shots: test-deps ## render every page and state into ./shots, and the pictures of README
	$(GO) test -tags shots -count=1 -timeout 30m -run 'TestShots|TestPictures' ./web/e2e

lighthouse: test-deps ## print what Lighthouse gives the main pages
	$(GO) test -tags lighthouse -count=1 -timeout 60m -v -run TestLighthouse ./web/e2e

bench: ## measure the inventory against boto3, the AWS CLI and naive Go; FULL=1 for 5,000 users, ONLY=name for some
	@.ci/install-bench
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	$(GO) build -o "$$dir/bench" ./iamsvc/bench && \
	"$$dir/bench" $(if $(FULL),-full) $(if $(ONLY),-only '$(ONLY)')
