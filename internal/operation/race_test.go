//go:build race

package operation

func init() { raced = true }
