# The two to know: `make run` and `make test`. Each installs what it needs on a machine with Go, git, make and package registries.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 30s
export GOFLAGS ?= -buildvcs=false
# The race detector looks at this program and its libraries, but not into those that only compute and took half of all time of the tests there: SQLite, which is
# C turned into Go with memory of its own, and the reader of QR codes. None of them instantiates generic code of the standard library: that would be linked for
# all, and the detector would no longer see what it synchronises.
PLAIN = -race=false -d=checkptr=0
RACE  = -race '-gcflags=modernc.org/libc=$(PLAIN)' '-gcflags=modernc.org/sqlite/lib=$(PLAIN)' '-gcflags=github.com/makiuchi-d/gozxing/...=$(PLAIN)'

.DEFAULT_GOAL := help
.PHONY: help run test soak build lint generate web fuzz bench fmt check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## run a city with everything embedded and stand-ins for the networks
	go build -o bin/motcua ./cmd/motcua
	exec bin/motcua dev

test: ## install what the tests need, then unit, conformance and end-to-end tests with the race detector
	./.ci/setup
	./channels/web/ui/fresh
	GOFLAGS="$(GOFLAGS) $(RACE)" go test -vet=off -shuffle=on -parallel 3 -timeout 18m ./...

build: ## build bin/motcua and bin/fakecity
	go build -trimpath -o bin/ ./cmd/motcua ./cmd/fakecity

lint: ## vet, staticcheck, formatting, stale generated files
	GOBIN="$(CURDIR)/bin" go install $(STATICCHECK)
	GOFLAGS="$(GOFLAGS) $(RACE)" go vet ./...
	GOFLAGS="$(GOFLAGS) $(RACE)" bin/staticcheck ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	GOFLAGS="$(GOFLAGS) $(RACE)" ./.ci/generated-is-fresh

generate: ## write the generated GraphQL code anew
	go generate ./...

web: ## build the web chat's pages anew, which needs Node
	npm ci --prefix channels/web/ui --no-audit --no-fund --loglevel=error
	npm run --prefix channels/web/ui --silent build

soak: ## the end-to-end tests with all their messages and kills
	./.ci/setup
	MOTCUA_SOAK=1 GOFLAGS="$(GOFLAGS) $(RACE)" go test -vet=off -count=1 -parallel 3 -timeout 90m -v ./cmd/motcua

fuzz: ## run every fuzz target for FUZZTIME (30s)
	./.ci/fuzz $(FUZZTIME)

bench: ## measure, and write docs/benchmarks.md
	./.ci/setup
	go run ./internal/bench

fmt: ## format the Go code
	gofmt -w $$(git ls-files '*.go')

check: lint test ## everything that has to pass
