//go:build race

package apache

func init() { raced = true }
