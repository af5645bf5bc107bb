package operation

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxLinks = 16 // of one operation

// id is the operationId of n.
func (r *reader) id(n *yaml.Node) string {
	if id := text(r.get(n, "operationId")); len(id) <= maxName {
		return id
	}
	return ""
}

// links are the Link Objects of an operation's responses (OpenAPI 3.1 §4.8.20), read once. Of those that say
// where in the response a value stands, only the name of that member is kept, as Pick looks for names.
func (r *reader) links(n *yaml.Node) []Link {
	responses := r.get(n, "responses")
	if responses == nil || r.swagger {
		return nil
	}
	if list, done := r.linked[responses]; done {
		return list
	}
	var list []Link
	seen := 0
	for _, response := range r.pairs(responses) {
		if seen++; seen > maxList {
			break
		}
		response, err := r.resolve(response)
		if err != nil {
			continue
		}
		for _, link := range r.pairs(r.get(response, "links")) {
			if seen++; seen > maxList || len(list) == maxLinks {
				break
			}
			if link, ok := r.link(link); ok {
				list = append(list, link)
			}
		}
	}
	r.linked[responses] = list
	return list
}

func (r *reader) link(n *yaml.Node) (Link, bool) {
	n, err := r.resolve(n)
	if err != nil {
		return Link{}, false
	}
	l := Link{To: r.id(n), Names: make(map[string]string)}
	if ref := text(r.get(n, "operationRef")); l.To == "" && len(ref) <= maxReference {
		l.To = referred(ref)
	}
	for name, expression := range r.pairs(r.get(n, "parameters")) {
		if len(l.Names) == maxLinks {
			break
		}
		parameter := name.Value
		if _, after, ok := strings.Cut(parameter, "."); ok && strings.HasPrefix(parameter, "path.") {
			parameter = after
		}
		if member := lastMember(text(expression)); member != "" && len(parameter) <= maxName {
			l.Names[parameter] = member
		}
	}
	return l, l.To != "" && len(l.Names) > 0
}

// referred is the method and path that "#/paths/~1orders~1{id}/get" refers to.
func referred(ref string) string {
	tokens := strings.Split(strings.TrimPrefix(ref, "#/paths/"), "/")
	if len(tokens) != 2 || !strings.HasPrefix(ref, "#/paths/") {
		return ""
	}
	return strings.ToUpper(tokens[1]) + " " + unescapeToken.Replace(tokens[0])
}

// lastMember is the name at the end of the runtime expression "$response.body#/order/id".
func lastMember(expression string) string {
	pointer, ok := strings.CutPrefix(expression, "$response.body#/")
	if !ok || len(expression) > maxName {
		return ""
	}
	member := unescapeToken.Replace(pointer[strings.LastIndexByte(pointer, '/')+1:])
	if strings.Trim(member, "0123456789") == "" {
		return "" // an element of a list
	}
	return member
}
