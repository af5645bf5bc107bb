package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A file is read by whoever may write it, and a reload must not be a way to stop the gateway. The
// library that parses YAML takes time that grows with the square of some inputs, and stack with
// their nesting; these bounds hold each of them to a fraction of a second. A configuration with the
// full number of rules stays well below.
const (
	maxBytes  = 256 << 10
	maxBlank  = 1000  // lines in a row: the library's block scalars
	maxTokens = 30000 // its mappings with many keys
	maxDepth  = 16    // its flow collections; ours are four deep
	maxColumn = 100   // of "- ", which nests on one line: "- - - -"
	maxRules  = 1000  // matching looks at them one after the other
)

// plain refuses what the library should not see, and returns the rest with its line ends unified.
// Tabs are refused everywhere: YAML forbids them in most places, with messages that do not say so,
// and its library looks for the end of the file after each one in double quotes.
func plain(data []byte) (string, *Error) {
	if len(data) > maxBytes {
		return "", &Error{Line: 1, Column: 1, Problem: fmt.Sprintf(
			"the file has %d bytes; a configuration has %d at most", len(data), maxBytes)}
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	text := string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	line, column, blank, content := 1, 1, 0, false
	for i, c := range text {
		problem := ""
		switch {
		case c == '\n' && !content && blank == maxBlank:
			problem = fmt.Sprintf("more than %d blank lines in a row; remove them", maxBlank)
		case c == '\n':
			if blank++; content {
				blank = 0
			}
			line, column, content = line+1, 0, false
		case c == '\t':
			problem = "a tab; YAML is indented with spaces, write spaces here too"
		case c < ' ' || c == 0x7F:
			problem = fmt.Sprintf("the control character %U; remove it", c)
		case c == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			problem = "a byte that is not UTF-8; save the file as UTF-8"
		case c != ' ':
			content = true
		}
		if problem != "" {
			return "", &Error{Line: line, Column: column, Problem: problem}
		}
		column++
	}
	return text, nil
}
