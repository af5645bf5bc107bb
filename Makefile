# Few targets; each is what its name says. Go fetches the toolchain that go.mod names.
export GOTOOLCHAIN = auto
export CGO_ENABLED = 0

# The race detector is the one thing here that needs a C compiler.
race = $(if $(shell command -v gcc),-race)

.PHONY: demo build test lab needs lint fuzz mutants bench

demo: ## the whole story on one screen; needs nothing but Go
	go run ./cmd/bearcache demo

build: ## the binary, as bin/bearcache
	go build -trimpath -o bin/bearcache ./cmd/bearcache

test: needs ## everything but fuzzing and mutants, on real servers
	go vet ./...
	$(if $(race),go test -count=1 -run '^(TestMemory|TestHostileRecordings|TestNodes.*|TestTwoNamesByTheClock|TestFollowsNobody|TestDrawnByLot|TestRefusedNowAndThen|TestSickNode|TestBurstByLot)$$' ./internal/scan ./internal/operation)
	CGO_ENABLED=$(if $(race),1,0) go test $(race) -count=1 -timeout 15m ./... # results are not kept: some tests build the binary, which go test does not see

lab: needs build ## scan real deployments, print what was found and missed. LABS=name,name takes some
	go run ./labs/run -only '$(LABS)' $(if $(V),-v)

needs: ## what the tests start: Flask, Flask-Caching, PyJWT, redis-py, gunicorn, nginx, Varnish, Squid, curl, Redis, Node.js and the HTTP cache suite, installed only if missing
	./test/needs.sh

lint: ## formatting, vet, staticcheck, known vulnerabilities
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	./test/vulnerabilities.sh

fuzz: ## every fuzz target for FUZZTIME
	./test/fuzz.sh $(or $(FUZZTIME),20s)

mutants: ## break each defence in turn; some test must notice. MUTANTS=0/4 takes every fourth
	go test -count=1 -tags mutants -run TestMutants -v -timeout 30m ./test/mutants

bench: ## benchmarks of the cache and the auditor; compare with benchstat
	go test -run '^$$' -bench . -count $(or $(COUNT),6) . ./redact ./bearer ./internal/config ./internal/gateway ./internal/audit/python ./cmd/bearcache
