//go:build race

package nginx

func init() { raced = true }
