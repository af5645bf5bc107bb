package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/internal/scan"
)

// A value reaches the parameter it is meant for, and one that reaches none is an error.
func TestValues(t *testing.T) {
	list := []*scan.Identity{{Name: "alice"}, {Name: "bob"}}
	operations := []operation.Operation{
		{Method: "GET", Path: "/orders/{order_id}", Parameters: []operation.Parameter{{Name: "page", In: "query"}, {Name: "bob.size", In: "query"}}},
		{Method: "GET", Path: "/x", Parameters: []operation.Parameter{{Name: "Authorization", In: "header"}, {Name: "\x1b[2J", In: "query"}}},
		{Method: "GET", Path: "/broken/{part}", Problem: "f:1:1: no"},
	}
	const names = "; there is ·[2J, bob.size, order_id, page, part"
	for _, tt := range []struct {
		param, identity, name string
		want                  string // the value or the error
	}{
		{"order_id=7", "alice", "order_id", "7"},
		{"order_id=7", "bob", "order_id", "7"},
		{"order_id=", "bob", "order_id", ""},
		{"order_id=a=b", "bob", "order_id", "a=b"},
		{"alice.order_id=7", "alice", "order_id", "7"},
		{"alice.order_id=7", "bob", "order_id", "none"},
		{"bob.size=7", "alice", "bob.size", "7"}, // no parameter has the name "size"
		{"part=7", "alice", "part", "7"},         // of an operation that cannot be asked, for another reason
		{"orderid=hunter2", "", "", "--param: no operation has a parameter of this name" + names},
		{"carol.order_id=hunter2", "", "", "--param: what stands before the dot is the name of no --identity; write for example alice.order_id=VALUE"},
		{"alice.orderid=hunter2", "", "", "--param: no operation has a parameter of this name" + names},
		{"Authorization=hunter2", "", "", "--param: no operation has a parameter of this name" + names},
		{"hunter2==", "", "", "--param: no operation has a parameter of this name" + names},
		{"=hunter2", "", "", "--param: write NAME=VALUE, or IDENTITY.NAME=VALUE"},
		{"hunter2", "", "", "--param: write NAME=VALUE, or IDENTITY.NAME=VALUE"},
	} {
		value, err := (&scanFlags{Param: []string{tt.param}}).values(list, operations)
		got := "none"
		if err != nil {
			got = err.Error()
		} else if v, ok := value(tt.identity, operation.Parameter{Name: tt.name}); ok {
			got = v
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.param, got, tt.want)
		}
	}

	for i := range 100 {
		operations = append(operations, operation.Operation{Path: fmt.Sprintf("/{a%d}", i)})
	}
	_, err := (&scanFlags{Param: []string{"page=1", "x=1"}}).values(list, operations)
	if err == nil || !strings.HasPrefix(err.Error(), "--param (the 2nd of 2): ") || !strings.HasSuffix(err.Error(), " and 93 more") {
		t.Error(err)
	}
	_, err = (&scanFlags{Param: []string{"x=1"}}).values(list, nil)
	if err == nil || err.Error() != "--param: no operation has parameters; leave it out" {
		t.Error(err)
	}
}
