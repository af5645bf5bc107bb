package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// This file hides the YAML library: what leaves it is a tree of nodes with their places. Of YAML it
// takes the part a configuration needs. Anchors, aliases, merge keys, tags and several documents
// are refused: each of them makes a line mean something that stands elsewhere, which is the wrong
// thing in a file that says who may read what, and the first two can make a short file a huge one.

type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	mapping
)

// String completes "expected …, not …".
func (k kind) String() string {
	return [...]string{"nothing", "a yes or no", "a number", "text", "a list", "a mapping"}[k]
}

// place is where something stands in the file, from 1, in characters.
type place struct{ line, column int }

// node is one value of the file.
type node struct {
	place
	kind  kind
	text  string // of a scalar: what it says, without its quotes; a boolean is "true" or "false"
	items []node
	pairs []pair
}

type pair struct {
	key   string
	place // of the key
	value node
}

// readDocument reads the one document of a file; an empty one is null.
func readDocument(data []byte) (*node, *Error) {
	src, bad := plain(data)
	if bad != nil {
		return nil, bad
	}
	tokens, bad := scan(src)
	if bad != nil {
		return nil, bad
	}
	body, bad := parse(tokens)
	if bad != nil {
		return nil, bad
	}
	root := &node{place: place{1, 1}}
	if body == nil {
		return root, nil
	}
	var t tree
	*root = t.node(body, 0)
	if t.bad != nil {
		return nil, t.bad
	}
	return root, nil
}

// scan stops at the first token that is not YAML, or not of the part we take.
func scan(src string) (tokens token.Tokens, bad *Error) {
	defer recovered(&bad)
	var s scanner.Scanner
	s.Init(src)
	for {
		some, err := s.Scan()
		for _, tk := range some {
			if tk.Type == token.InvalidType {
				return nil, notYAML(tk, tk.Error)
			}
		}
		tokens.Add(some...)
		if err != nil || len(some) == 0 { // err is the end, or an invalid token
			break
		}
	}
	return tokens, refused(tokens)
}

var foreign = map[token.Type]string{
	token.AnchorType:     "anchors are not supported; write the value out where it is used",
	token.AliasType:      "aliases are not supported; write the value out",
	token.MergeKeyType:   "merge keys are not supported; write the keys out",
	token.TagType:        "tags are not supported; remove it",
	token.DirectiveType:  "directives are not supported; remove the line",
	token.MappingKeyType: `"? " keys are not supported; write key: value`,
	token.LiteralType:    "text over several lines is not supported; write it in one line",
	token.FoldedType:     "text over several lines is not supported; write it in one line",
}

// refused looks for what must not reach the parser, which recurses.
func refused(tokens token.Tokens) *Error {
	if len(tokens) > maxTokens {
		return problemAt(tokens[maxTokens], "the file is too long; a configuration has 1000 rules at most")
	}
	depth, ended := 0, false
	for i, tk := range tokens {
		if problem := foreign[tk.Type]; problem != "" {
			return problemAt(tk, problem)
		}
		if ended && tk.Type != token.CommentType || tk.Type == token.DocumentHeaderType && begun(tokens[:i]) {
			return problemAt(tk, "a second document begins here; one file holds one configuration")
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.DocumentEndType:
			ended = true
		}
		if depth > maxDepth || tk.Type == token.SequenceEntryType && tk.Position.Column > maxColumn {
			return problemAt(tk, tooDeep)
		}
	}
	return nil
}

const tooDeep = "nested too deep; a configuration is a mapping of serve and routes"

func begun(tokens token.Tokens) bool {
	for _, tk := range tokens {
		if tk.Type != token.CommentType {
			return true
		}
	}
	return false
}

func parse(tokens token.Tokens) (body ast.Node, bad *Error) {
	defer recovered(&bad)
	// Duplicates are found by our own walk: it reports all of them, and both lines.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	switch {
	case errors.As(err, &at):
		return nil, notYAML(at.GetToken(), at.GetMessage())
	case err != nil:
		return nil, notYAML(nil, "")
	case len(file.Docs) == 0:
		return nil, nil
	case len(file.Docs) > 1:
		return nil, problemAt(file.Docs[1].GetToken(), "a second document begins here; one file holds one configuration")
	}
	return file.Docs[0].Body, nil
}

// recovered makes a panic of the library an error. A reload with a bad file must leave the running
// gateway as it is; that is too much to rest on a parser of this size never slipping.
func recovered(bad **Error) {
	if recover() != nil {
		*bad = notYAML(nil, "")
	}
}

// notYAML passes the library's message on unless it quotes the file, which may hold a secret.
func notYAML(tk *token.Token, message string) *Error {
	if message == "" || strings.ContainsAny(message, "\"\n") {
		return problemAt(tk, "this is not YAML")
	}
	return problemAt(tk, "this is not YAML: "+message)
}

func problemAt(tk *token.Token, problem string) *Error {
	p := placeOf(tk)
	return &Error{Line: p.line, Column: p.column, Problem: problem}
}

func placeOf(tk *token.Token) place {
	if tk == nil || tk.Position == nil {
		return place{1, 1}
	}
	return place{tk.Position.Line, tk.Position.Column}
}

// tree turns the library's nodes into ours and keeps the first thing it could not.
type tree struct{ bad *Error }

func (t *tree) node(n ast.Node, depth int) node {
	if n == nil {
		return node{place: place{1, 1}}
	}
	if depth > maxDepth {
		t.fail(problemAt(n.GetToken(), tooDeep))
		return node{}
	}
	out := node{place: placeOf(n.GetToken())}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.kind, out.text = boolean, fmt.Sprint(n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = number, n.GetToken().Value // as written: 0x10 is not 16 here
	case *ast.StringNode:
		out.kind, out.text = text, n.Value
	case *ast.SequenceNode:
		out.kind = list
		for _, item := range n.Values {
			out.items = append(out.items, t.node(item, depth+1))
		}
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			out.pairs = append(out.pairs, t.pair(v, depth))
		}
	case *ast.MappingValueNode:
		out.kind, out.pairs = mapping, []pair{t.pair(n, depth)}
	default:
		t.fail(problemAt(n.GetToken(), "this part of YAML is not supported"))
	}
	if len(out.pairs) > 0 && !inBraces(n) {
		out.place = out.pairs[0].place // the library has it at the first colon
	}
	return out
}

func inBraces(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

func (t *tree) pair(n *ast.MappingValueNode, depth int) pair {
	key := t.node(n.Key, depth+1)
	if key.kind == list || key.kind == mapping {
		t.fail(problemAt(n.Key.GetToken(), "a key must be a word"))
	}
	p := pair{key: key.text, place: key.place, value: t.node(n.Value, depth+1)}
	if key.kind == null {
		p.key = "null"
	}
	if p.value.kind == null {
		p.value.place = p.place // the library's guess at where nothing stands is off by one at times
	}
	return p
}

func (t *tree) fail(bad *Error) {
	if t.bad == nil {
		t.bad = bad
	}
}
