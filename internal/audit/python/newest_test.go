package python

import (
	"strings"
	"testing"
)

// TestSyntaxOf314 holds what CPython 3.14 has added, which the older ones that the trees are held against would refuse.
func TestSyntaxOf314(t *testing.T) {
	for _, tt := range []struct{ source, want string }{
		{"try: a\nexcept B, C: d\n", "Tuple 2:7-2:11 ([\nName 2:7-2:8 (B )\nName 2:10-2:11 (C )])None ["},
		{"try: a\nexcept B, C,: d\n", "Tuple 2:7-2:12 (["},
		{"try: a\nexcept* B, C: d\n", "Tuple 2:8-2:12 (["},
		{"t'a{b}c'", "TemplateStr 1:0-1:8 ([\nConstant 1:2-1:3 (s\"a\")\nInterpolation 1:3-1:6 (\nName 1:4-1:5 (b )b -1 None )\nConstant 1:6-1:7 (s\"c\")])"},
		{"T\"{ a + b !s:>{c}}\"", "Interpolation 1:2-1:18 (\nBinOp 1:4-1:9 (\nName 1:4-1:5 (a )\nAdd \nName 1:8-1:9 (b )) a + b 115 \nJoinedStr 1:12-1:17 (["},
		{"rt'\\{a}'", "Constant 1:3-1:4 (s\"\\\\\")\nInterpolation 1:4-1:7 ("},
		{"t'{a=}'", "TemplateStr 1:0-1:7 ([\nConstant 1:3-1:5 (s\"a=\")\nInterpolation 1:2-1:6 (\nName 1:3-1:4 (a )a 114 None )])"},
		{"t'{a}' t'{b}'", "TemplateStr 1:0-1:13 (["},
		{"t''", "TemplateStr 1:0-1:3 ([])"},
	} {
		f := Parse([]byte(tt.source))
		if len(f.Errors) > 0 || !strings.Contains(dump(f), tt.want) {
			t.Errorf("%s: %v%s\nwant %s", tt.source, f.Errors, dump(f), tt.want)
		}
	}
	for _, source := range []string{
		"try: a\nexcept B, C as d: e\n", "try: a\nexcept *B, C: d\n  x\n", "try: a\nexcept , B: d\n", "t'a' 'b'", "'a' t'b'", "t'a' f'b'", "b'a' t'b'", "t'{}'", "t'{a", "tb'a'", "ut'a'", "ft'a'",
	} {
		if f := Parse([]byte(source)); len(f.Errors) == 0 {
			t.Errorf("%s is read as%s", source, dump(f))
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"UTF-8", "a = 'é'", "é"},
		{"a byte order mark", "\xef\xbb\xbfa = 'é'", "é"},
		{"a byte order mark, and the encoding", "\xef\xbb\xbf# coding: utf-8\na = 'é'", "é"},
		{"Latin-1", "# -*- coding: latin-1 -*-\na = '\xe9'", "é"},
		{"in the second line", "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\na = '\xa4'", "€"},
		{"of Windows", "# coding=cp1252\na = '\x80'", "€"},
		{"Cyrillic", "# coding: koi8-r\na = '\xd0\xc9'", "пи"},
		{"Chinese", "# coding: gbk\na = '\xc4\xe3'", "你"},
		{"ASCII", "# coding: ascii\na = 'a'", "a"},
	} {
		f := Parse([]byte(tt.source))
		if len(f.Errors) > 0 || len(f.Body) != 1 {
			t.Errorf("%s: %v", tt.name, f.Errors)
			continue
		}
		value := f.Body[0].(*Assign).Value.(*Constant)
		if value.Text != tt.want || f.Source(value) != "'"+tt.want+"'" {
			t.Errorf("%s: %q, written %s", tt.name, value.Text, f.Source(value))
		}
	}
	for name, source := range map[string]string{
		"no UTF-8":                               "a = '\xe9'",
		"a byte order mark, another encoding":    "\xef\xbb\xbf# coding: latin-1\n",
		"nobody knows it":                        "# coding: nothing\n",
		"no ASCII":                               "# coding: ascii\na = '\xe9'",
		"not in the code page":                   "# coding: cp1252\na = '\x81'",
		"the third line declares nothing":        "\n\n# coding: latin-1\na = '\xe9'",
		"behind a statement it declares nothing": "a\n# coding: latin-1\nb = '\xe9'",
		"two bytes a character":                  "# coding: utf-16\n",
		"half a character":                       "# coding: gbk\na = '\xc4'",
	} {
		if f := Parse([]byte(source)); len(f.Errors) == 0 {
			t.Errorf("%s: it is read", name)
		}
	}
}

func TestLines(t *testing.T) {
	f := Parse([]byte("a\r\nb\rc\n\n  d # e"))
	for _, tt := range []struct{ offset, line, column int }{{0, 1, 0}, {3, 2, 0}, {4, 2, 1}, {5, 3, 0}, {8, 5, 0}, {10, 5, 2}, {15, 5, 7}} {
		if line, column := f.Line(int32(tt.offset)), f.Column(int32(tt.offset)); line != tt.line || column != tt.column {
			t.Errorf("offset %d: line %d, column %d", tt.offset, line, column)
		}
	}
	if len(f.Comments) != 1 || string(f.Text[f.Comments[0].Start:f.Comments[0].End]) != "# e" {
		t.Errorf("comments %v", f.Comments)
	}
}
