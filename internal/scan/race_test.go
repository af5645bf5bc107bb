//go:build race

package scan

func init() { raced = true }
