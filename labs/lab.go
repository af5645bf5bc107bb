// Package labs runs real deployments that leak, or only look as if they did, and measures the built
// scanner on them. It sees the scanner as any other program does: by its command line and its JSON
// report.
package labs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Lab is one deployment with the truth about it, as its lab.yaml has it.
type Lab struct {
	Name string `yaml:"-"` // of its directory
	Dir  string `yaml:"-"`

	Title string `yaml:"title"`
	Point string `yaml:"point"` // what is wrong, or only looks so, in a sentence

	Servers    []Server          `yaml:"servers"` // in the order they start
	Target     string            `yaml:"target"`  // the server that is scanned; "": the last
	Tokens     string            `yaml:"tokens"`  // jwt or opaque; "": jwt
	Identities identities        `yaml:"identities"`
	Document   string            `yaml:"openapi"` // "": openapi.yaml
	Scan       []string          `yaml:"scan"`    // further flags
	Proof      []Step            `yaml:"proof"`   // what is so, shown by plain requests
	Leaks      map[string]checks `yaml:"leaks"`   // by operation: what the scanner must find
	May        map[string]checks `yaml:"may"`     // and what it may, for it can be defended
	Untested   []string          `yaml:"untested"`

	Values map[string]string `yaml:"-"` // what further names between @ stand for, in this deployment's texts
}

type checks []string

// Server is one process of a deployment. In its texts, and in the file it reads, @name@ is the address
// of the server with that name, @dir@ a directory of its own, and @secret@ the key of the tokens.
type Server struct {
	Name    string            `yaml:"name"`
	Run     string            `yaml:"run"`     // a word of programs
	File    string            `yaml:"file"`    // "": what is usual for the program
	Workers int               `yaml:"workers"` // of gunicorn
	Args    []string          `yaml:"args"`
	Env     map[string]string `yaml:"env"`
}

// Identity is a bearer of the scan: a token for one of the people, perhaps with a scope of its own.
type Identity struct {
	Name  string `yaml:"-"`
	User  string `yaml:"user"` // "": as the identity is called
	Scope string `yaml:"scope"`
}

// identities keeps the order of the file: the first asks first.
type identities []Identity

// UnmarshalYAML reads a mapping from names to identities.
func (list *identities) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: identities are a mapping from names", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		id := Identity{}
		if err := node.Content[i+1].Decode(&id); err != nil {
			return err
		}
		id.Name = node.Content[i].Value
		*list = append(*list, id)
	}
	return nil
}

// Step is a plain request of a proof and what must come back, or a pause.
type Step struct {
	Wait time.Duration `yaml:"wait"`

	As      string            `yaml:"as"`     // an identity, nobody, or forged: a token that nobody issued
	Bearer  string            `yaml:"bearer"` // the token, where it is none of theirs
	Get     string            `yaml:"get"`
	Head    string            `yaml:"head"`
	Options string            `yaml:"options"`
	Send    map[string]string `yaml:"send"` // further fields

	Status int               `yaml:"status"` // 0: 200
	Has    words             `yaml:"has"`    // what the body must hold
	Lacks  words             `yaml:"lacks"`  // and must not
	Fields map[string]string `yaml:"fields"` // what fields of the response must hold; "": the field must not be there
	Keep   map[string]string `yaml:"keep"`   // names, and the fields whose values @name@ is from now on
	Within int               `yaml:"within"` // so many tries, one of which must come out so; 0: one
}

// words is a text or a list of them.
type words []string

// UnmarshalYAML reads either.
func (w *words) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*w = words{node.Value}
		return nil
	}
	return node.Decode((*[]string)(w))
}

// Load reads the labs under dir: all of them, or those with the given names.
func Load(dir string, names ...string) ([]*Lab, error) {
	dir, err := filepath.Abs(dir) // servers run in directories of their own
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "lab.yaml"))
	if err != nil {
		return nil, err
	}
	var list []*Lab
	for _, file := range files {
		lab := &Lab{Dir: filepath.Dir(file), Name: filepath.Base(filepath.Dir(file))}
		if len(names) > 0 && !slices.Contains(names, lab.Name) {
			continue
		}
		if err := lab.read(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, lab)
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(l *Lab) bool { return l.Name == name }) {
			return nil, fmt.Errorf("there is no lab %s in %s", name, dir)
		}
	}
	return list, nil
}

func (l *Lab) read(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(l); err != nil {
		return err
	}
	return l.Complete()
}

// Complete puts in what a lab.yaml may leave out, and says what is wrong with the rest.
func (l *Lab) Complete() error {
	if len(l.Identities) == 0 {
		l.Identities = identities{{Name: "alice"}, {Name: "bob"}}
	}
	for i := range l.Identities {
		if id := &l.Identities[i]; id.User == "" {
			id.User = id.Name
		}
	}
	if l.Document == "" {
		l.Document = "openapi.yaml"
	}
	return l.fault()
}

// fault is what is wrong with what was written.
func (l *Lab) fault() error {
	switch {
	case l.Title == "" || l.Point == "":
		return errors.New("title and point say what the lab is about; one is missing")
	case len(l.Servers) == 0:
		return errors.New("there are no servers")
	case l.Tokens != "" && l.Tokens != "jwt" && l.Tokens != "opaque":
		return fmt.Errorf("tokens: %q is neither jwt nor opaque", l.Tokens)
	case len(l.Leaks) > 0 && len(l.Proof) == 0:
		return errors.New("it is said to leak, and no proof shows so")
	}
	seen := map[string]bool{}
	for i := range l.Servers {
		s := &l.Servers[i]
		p, known := programs[s.Run]
		switch {
		case s.Name == "" || seen[s.Name]:
			return fmt.Errorf("server %d needs a name of its own", i+1)
		case !known:
			return fmt.Errorf("server %s: run: %q is none of %s", s.Name, s.Run, strings.Join(programNames(), ", "))
		}
		seen[s.Name] = true
		if s.File == "" {
			s.File = p.file
		}
	}
	if l.Target == "" {
		l.Target = l.Servers[len(l.Servers)-1].Name
	}
	if !seen[l.Target] {
		return fmt.Errorf("target: there is no server %s", l.Target)
	}
	return nil
}
