package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// Address is where to listen: host:port with a numeric port. An empty host is every interface, port
// 0 is one the system chooses.
type Address string

// AdminAddress is an Address or AdminOff.
type AdminAddress string

// AdminOff opens no admin listener.
const AdminOff AdminAddress = "off"

var addressSyntax = regexp.MustCompile(`^(\[[0-9A-Za-z:.%]+\]|[0-9A-Za-z._-]*):[0-9]{1,5}$`)

func (Address) shape() shape {
	return shape{want: "host:port such as :8080", schema: jsonschema.Schema{
		Type: "string", Pattern: addressSyntax.String(), Examples: []any{":8080", "127.0.0.1:8080"},
	}}
}

func (AdminAddress) shape() shape {
	return shape{want: "host:port such as 127.0.0.1:8081, or off", bools: true, schema: jsonschema.Schema{
		AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: addressSyntax.String()},
			{Enum: []any{"off", false}},
		},
		Examples: []any{"127.0.0.1:8081", "off"},
	}}
}

// UnmarshalText reads an address.
func (a *Address) UnmarshalText(b []byte) error {
	text := string(b)
	if err := checkAddress(text); err != nil {
		return err
	}
	*a = Address(text)
	return nil
}

// UnmarshalText reads an address, or off. YAML 1.1 writes off as false.
func (a *AdminAddress) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "off" || text == "false" {
		*a = AdminOff
		return nil
	}
	if text == "on" || text == "true" {
		return errors.New("says on but not where; write host:port such as 127.0.0.1:8081")
	}
	if err := checkAddress(text); err != nil {
		return fmt.Errorf("%w, or off", err)
	}
	*a = AdminAddress(text)
	return nil
}

// Off is true where there is to be no admin listener.
func (a AdminAddress) Off() bool { return a == AdminOff }

func (a Address) String() string      { return string(a) }
func (a AdminAddress) String() string { return string(a) }

func checkAddress(text string) error {
	host, port, err := net.SplitHostPort(text)
	switch {
	case addressSyntax.MatchString(text) && err == nil:
		if n, _ := strconv.Atoi(port); n > 65535 {
			return fmt.Errorf("port %s is above 65535; write host:port such as :8080", port)
		}
		if strings.HasPrefix(text, "[") && net.ParseIP(strings.Split(host, "%")[0]) == nil {
			return errors.New("has no IPv6 address in its brackets; write one such as [::1]:8080")
		}
		return nil
	case strings.Contains(text, "://"):
		return errors.New("is a URL; write host:port such as :8080")
	}
	if n, err := strconv.ParseUint(text, 10, 16); err == nil {
		return fmt.Errorf("%s has no colon; write :%d", show(text), n)
	}
	return fmt.Errorf("%s is not host:port; write one such as :8080", show(text))
}
