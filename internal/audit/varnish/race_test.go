//go:build race

package varnish

func init() { raced = true }
