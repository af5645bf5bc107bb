package rfc9111

import "net/http"

// Invalidates reports whether a response to method with status invalidates what is stored for the
// target URI (RFC 9111 §4.4): any method not known to be safe, any status that is no error.
func Invalidates(method string, status int) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return status >= 200 && status < 400
}
