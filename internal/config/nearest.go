package config

import "strings"

// didYouMean ends a message about an unknown word: with the known one it resembles, or with all.
func didYouMean(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// Nearest is the known word that most resembles word, or "" where none does.
func Nearest(word string, known []string) string { return nearest(word, known) }

func nearest(word string, known []string) string {
	if len(word) > 32 {
		return "" // longer than any word of ours by more than a typing error
	}
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	best, least := "", len(word)/3+2 // more edits than this is another word
	for _, k := range known {
		if n := edits(fold(word), fold(k)); n < least && n < len(k) {
			best, least = k, n
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
