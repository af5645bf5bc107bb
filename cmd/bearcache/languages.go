package main

import "github.com/bearcache/bearcache/internal/audit"

// languages are what audit reads.
var languages = []audit.Language{}
