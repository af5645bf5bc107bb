package scan

import (
	"cmp"
	"slices"
)

// Checks in the order they are made. To add one, write check_<name>.go and a line here.
var Checks = []Check{
	crossIdentityReuse,
	anonymousReuse,
	invalidTokenReuse,
	scopeReuse,
	brokenObjectAuthorization,
	cookieInStoredResponse,
	conditionalLeak,
	tokenInURL,
	tokenEcho,
	cacheDeception,
	unkeyedInput,
	errorPoisoning,
	storableAuthenticatedResponse,
	missingVary,
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
