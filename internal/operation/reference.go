package operation

import (
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxReferences = 32   // in a row
	maxReference  = 4096 // bytes
)

// follow is n and, where it is a reference, what that names, to the end of the references.
func (t *tree) follow(n *yaml.Node) ([]*yaml.Node, error) {
	n = plain(n)
	chain := []*yaml.Node{n}
	for {
		ref := t.get(n, "$ref")
		if ref == nil {
			return chain, nil
		}
		if len(chain) > maxReferences {
			return nil, t.errorf(ref, "reference %s leads in a circle or through more than %d others", quote(ref.Value), maxReferences)
		}
		var err error
		if n, err = t.target(ref); err != nil {
			return nil, err
		}
		chain = append(chain, n)
	}
}

// resolve is n, or what its references name in the end.
func (t *tree) resolve(n *yaml.Node) (*yaml.Node, error) {
	chain, err := t.follow(n)
	if err != nil {
		return nil, err
	}
	return chain[len(chain)-1], nil
}

// target is what the value of a $ref names. Only the document itself is looked into: a reference to
// a file or a URL would let its author choose what our host opens (THREAT-MODEL S1, S3).
func (t *tree) target(ref *yaml.Node) (*yaml.Node, error) {
	uri := text(ref)
	if len(uri) > maxReference {
		return nil, t.errorf(ref, "reference %s has more than %d bytes", quote(uri), maxReference)
	}
	fragment, local := strings.CutPrefix(uri, "#")
	if !local {
		return nil, t.errorf(ref, "reference %s leaves the document and is not followed; bundle the document into one file", quote(uri))
	}
	n, seen := t.targets[uri]
	if !seen {
		n = t.pointer(fragment)
		t.targets[uri] = n
	}
	if n == nil {
		return nil, t.errorf(ref, "reference %s names nothing in the document", quote(uri))
	}
	return n, nil
}

// pointer is the node that the JSON pointer in a URI fragment names (RFC 6901 §6), or nil.
func (t *tree) pointer(fragment string) *yaml.Node {
	n := plain(t.root)
	if fragment == "" {
		return n
	}
	pointer, err := url.PathUnescape(fragment)
	if err != nil || pointer[0] != '/' {
		return nil
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		if n = t.child(n, unescapeToken.Replace(token)); n == nil {
			return nil
		}
	}
	return n
}

var unescapeToken = strings.NewReplacer("~1", "/", "~0", "~")

func (t *tree) child(n *yaml.Node, token string) *yaml.Node {
	if !isSequence(n) {
		return t.get(n, token)
	}
	i, err := strconv.ParseUint(token, 10, 31)
	if err != nil || int(i) >= len(n.Content) {
		return nil
	}
	return plain(n.Content[i])
}
