package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/internal/scan"
	"github.com/bearcache/bearcache/redact"
)

// values looks parameters up: what was given for this identity first, then what was given for all. What
// no operation asks for is refused: a name with a typing error would leave operations untested.
func (f *scanFlags) values(list []*scan.Identity, operations []operation.Operation) (func(string, operation.Parameter) (string, bool), error) {
	asked := make(map[string]bool)
	for _, op := range operations {
		for _, p := range op.Asked() {
			asked[p.Name] = true
		}
	}
	given := make(map[[2]string]string)
	for i, p := range f.Param {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--param%s: write NAME=VALUE, or IDENTITY.NAME=VALUE", which(i, len(f.Param)))
		}
		whose := ""
		if before, after, ok := strings.Cut(name, "."); ok && (asked[after] || !asked[name]) && isIdentity(list, before) {
			whose, name = before, after
		}
		if before, after, ok := strings.Cut(name, "."); ok && !asked[name] && asked[after] && !isIdentity(list, before) {
			return nil, problem("--param"+which(i, len(f.Param))+": what stands before the dot is the name of no --identity", "write for example "+list[0].Name+"."+printable(redact.New(nil).Text(after))+"=VALUE")
		}
		if !asked[name] {
			return nil, unasked(which(i, len(f.Param)), asked)
		}
		given[[2]string{whose, name}] = value
	}
	return func(identity string, p operation.Parameter) (string, bool) {
		if v, ok := given[[2]string{identity, p.Name}]; ok {
			return v, true
		}
		v, ok := given[[2]string{"", p.Name}]
		return v, ok
	}, nil
}

func isIdentity(list []*scan.Identity, name string) bool {
	return slices.ContainsFunc(list, func(id *scan.Identity) bool { return id.Name == name })
}

// unasked lists the parameters there are. It does not repeat the one that was given, whose name may be
// half of a token.
func unasked(which string, asked map[string]bool) error {
	if len(asked) == 0 {
		return errors.New("--param: no operation has parameters; leave it out")
	}
	there := upTo(12, asked, func(name string) string { return printable(redact.New(nil).Text(name)) })
	return fmt.Errorf("--param%s: no operation has a parameter of this name; there is %s", which, there)
}
