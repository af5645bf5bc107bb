package operation

import "go.yaml.in/yaml/v3"

// Security says whether an operation wants credentials, as far as its document does.
type Security uint8

const (
	Undeclared Security = iota // the document says nothing
	Required
	Optional // requests without credentials are answered too
	Public   // credentials play no part
)

func (s Security) String() string {
	return [...]string{"undeclared", "required", "optional", "public"}[s&3]
}

// security reads a list of security requirements, any one of which suffices. The empty requirement
// {} asks for nothing (OpenAPI 3.1 §4.8.30). What is no such list says nothing: taking a mistake for
// Public would make a leak look harmless.
func (t *tree) security(n *yaml.Node) Security {
	if n = plain(n); !isSequence(n) {
		return Undeclared
	}
	if len(n.Content) == 0 {
		return Public
	}
	empty, full := false, false
	for _, requirement := range n.Content {
		switch requirement = plain(requirement); {
		case !isMapping(requirement):
		case len(requirement.Content) == 0:
			empty = true
		default:
			full = true
		}
	}
	switch {
	case empty && full:
		return Optional
	case full:
		return Required
	case empty:
		return Public
	}
	return Undeclared
}
