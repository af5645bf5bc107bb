package varnish

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// standing says what is behind the URLs, or hosts, that a pattern matches, as far as their words tell.
type standing int

const (
	anything standing = iota // the pattern matches whatever there is
	some                     // part of a site, and no word says whose
	public                   // files, and pages for everybody
	api                      // an API, or a part of it that no word tells to be everybody's
	personal                 // answers by who asks
)

// standingOf judges by words. Everybody's is what each of the pattern's alternatives is.
func standingOf(pattern string, isRegex bool) standing {
	alternatives := []string{pattern}
	if isRegex {
		var ok bool
		if alternatives, ok = expand(pattern); !ok {
			alternatives = []string{pattern}
		}
	}
	all := public
	for i, a := range alternatives {
		switch s := standingOfWords(a); {
		case s == personal || s == api && all != personal:
			all = s
		case all == personal || all == api:
		case i == 0:
			all = s
		case s != all:
			all = min(s, some)
		}
	}
	if all == anything && (!isRegex || strings.HasSuffix(pattern, "$") && strings.HasPrefix(pattern, "^")) {
		return some // the front page
	}
	return all
}

// standingOfWords goes by the names in a path. What is public of somebody's, as user_avatar, is public.
func standingOfWords(s string) standing {
	var isAPI, isPublic, isOther bool
	for segment := range strings.SplitSeq(strings.ToLower(s), "/") {
		k, last := standingOfSegment(segment)
		switch {
		case last && !isAPI: // /api/x.json is no file
			return public
		case k == personal:
			return personal
		}
		isAPI, isPublic, isOther = isAPI || k == api, isPublic || k == public, isOther || k == some
	}
	switch {
	case isPublic:
		return public
	case isAPI:
		return api
	case isOther:
		return some
	}
	return anything
}

// standingOfSegment also reports whether it ends as the name of a file.
func standingOfSegment(segment string) (k standing, file bool) {
	list := words(segment)
	for i, w := range list {
		switch {
		case files[w] && strings.Contains(segment, "."+w) && i == len(list)-1:
			return public, true
		case publicWords[w], files[w]:
			return public, false
		case personalWords[w]:
			k = personal
		case apiWords[w]:
			k = max(k, api)
		default:
			k = max(k, some)
		}
	}
	return k, false
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// whole reports whether nothing but an API's root and version is in a pattern: "^/api/", and not "^/api/catalog".
func whole(pattern string) bool {
	for _, w := range words(pattern) {
		if !apiWords[w] && !personalWords[w] && len(w) > 2 {
			return false
		}
	}
	return true
}

// wordSet has the words of a list.
func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

var (
	files = wordSet(`7z aac avi avif bin bmp br bz2 css csv deb doc docx dmg eot exe flac flv gif gz gzip htc ico iso jar jpe jpeg jpg js less m4a m4v
		map mjs mkv mov mp3 mp4 mpeg mpg msi oga ogg ogv opus otf pdf png ppt pptx ps psd rar rtf scss sass svg svgz swf tar tbz tgz tif tiff ts ttf
		txt wasm wav webm webmanifest webp wmv woff woff2 xls xlsx xz zip rpm apk mpd m3u8 webapp`)
	publicWords = wordSet(`about ads announcement announcements archive archives article articles asset assets avatar avatars amazonaws blog blogs build bundle catalog catalogs catalogue category categories cdn
		changelog config contact content countries css currencies dist doc docs documentation download downloads events faq favicon feed feeds file files
		font fonts gallery health healthcheck healthz help i18n icon icons image images img imgs imprint js l10n landing legal lib libs locale locales logo
		manifest media news page pages photo photos ping post posts press price prices pricing product products public release releases robots
		rss s3 script scripts search sitemap skin sprite sprites static status style styles stylesheet stylesheets tag tags terms theme themes
		thumb thumbnail thumbnails thumbs translations upload uploads vendor version video videos weather webfonts wiki`)
	personalWords = wordSet(`account accounts admin administrator auth authenticate backoffice balance balances basket billing cart carts checkout conversations customer
		customers dashboard employee employees grades inbox internal invoice invoices letters login logout mailbox me member members message messages my
		myaccount notification notifications oauth oauth2 order orders patient patients payment payments payroll personal private
		profile profiles report reports salary secure session sessions settings statement statements subscription subscriptions tenant tenants token
		transaction transactions transfers user userinfo users wallet wallets whoami wishlist wp-admin`)
	apiWords = wordSet(`api apis graphql gql json jsonrpc rest restapi rpc v1 v2 v3 v4 v5`)
)

// maxAlternatives bounds the strings that a pattern is written out as.
const maxAlternatives = 300

// expand writes out what a pattern matches, with a zero byte where anything may stand.
func expand(pattern string) (list []string, ok bool) {
	if len(pattern) > 4000 {
		return nil, false
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	list = writeOut(re)
	return list, list != nil
}

// writeOut returns nil for more than can be told.
func writeOut(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}
	case syntax.OpCharClass:
		return members(re)
	case syntax.OpCapture, syntax.OpPlus, syntax.OpRepeat:
		return writeOut(re.Sub[0])
	case syntax.OpQuest:
		if list := writeOut(re.Sub[0]); list != nil {
			return append([]string{""}, list...)
		}
		return nil
	case syntax.OpAlternate:
		var list []string
		for _, sub := range re.Sub {
			more := writeOut(sub)
			if more == nil || len(list)+len(more) > maxAlternatives {
				return nil
			}
			list = append(list, more...)
		}
		return list
	case syntax.OpConcat:
		return product(re.Sub)
	}
	return []string{"\x00"}
}

func members(re *syntax.Regexp) (list []string) {
	for i := 0; i < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if list = append(list, string(r)); len(list) > 3 {
				return []string{"\x00"}
			}
		}
	}
	return list
}

func product(parts []*syntax.Regexp) []string {
	list := []string{""}
	for _, part := range parts {
		more := writeOut(part)
		if more == nil || len(list)*len(more) > maxAlternatives {
			return nil
		}
		var next []string
		for _, a := range list {
			for _, b := range more {
				next = append(next, a+b)
			}
		}
		list = next
	}
	return list
}
