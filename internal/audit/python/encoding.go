package python

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// load takes the text in, in UTF-8, and notes what CPython would refuse it for as a whole.
func (p *parser) load(text []byte) {
	f := p.file
	if len(text) > maxText {
		f.lines = []int32{0}
		p.src = padding
		p.error(0, "the file is too large")
		return
	}
	marked := bytes.HasPrefix(text, byteOrderMark)
	if marked {
		text = text[len(byteOrderMark):]
	}
	text, why := decoded(text, marked)
	f.Text = text
	f.lines = lineStarts(text)
	p.src, p.size = padded(text), len(text)
	p.kept = unsafe.String(unsafe.SliceData(text), len(text)) // nobody writes to the text of a file
	p.returns = bytes.IndexByte(text, '\r') >= 0
	p.ascii = isASCII(text)
	if why != "" {
		p.error(0, why)
	}
	if at := bytes.IndexByte(text, 0); at >= 0 {
		p.error(at, "source code cannot contain null bytes")
	}
	if !p.ascii && !utf8.Valid(text) {
		p.error(invalidUTF8(text), "invalid UTF-8")
	}
}

// padding stands behind the text, so that a lexer may look ahead without asking for the end.
const padding = "\x00\x00\x00\x00\x00\x00\x00\x00"

func padded(text []byte) string {
	var b strings.Builder
	b.Grow(len(text) + len(padding))
	b.Write(text)
	b.WriteString(padding)
	return b.String()
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func invalidUTF8(text []byte) int {
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n < 2 {
			return at
		}
		at += n
	}
	return len(text)
}

// lineStarts is where each line begins: behind \n, \r\n and \r.
func lineStarts(text []byte) []int32 {
	lines := make([]int32, 1, 1+bytes.Count(text, []byte{'\n'}))
	if bytes.IndexByte(text, '\r') >= 0 {
		for i, c := range text {
			if c == '\n' || c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
				lines = append(lines, int32(i+1))
			}
		}
		return lines
	}
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return lines
		}
		at += n + 1
		lines = append(lines, int32(at))
	}
}

// decoded is the text in UTF-8, and what is wrong with how it says that it is encoded (PEP 263).
func decoded(text []byte, marked bool) (utf []byte, why string) {
	declared := cookie(text)
	name := normalEncoding(declared)
	// Behind a byte order mark, CPython takes utf-8 only when it is written like that.
	if marked && declared != "" && (name != "utf-8" || pythonNames[strings.ToLower(declared)] != "") {
		return text, "a byte order mark of UTF-8, and a different encoding declared"
	}
	if name == "" || name == "utf-8" {
		return text, ""
	}
	enc := findEncoding(name)
	if enc == nil {
		return text, "unknown encoding"
	}
	utf, err := enc.NewDecoder().Bytes(text)
	if single, ok := enc.(*charmap.Charmap); ok {
		utf = decodeBytes(text, single, strings.HasPrefix(name, "iso-8859-"))
	}
	if err != nil || len(utf) > maxText {
		return text, "the text is not in the encoding it declares"
	}
	if bytes.Contains(utf, []byte("\uFFFD")) || name == "us-ascii" && !isASCII(text) {
		why = "the text is not in the encoding it declares"
	}
	return utf, why
}

// decodeBytes decodes an encoding of one byte a character as Python has it: the control characters behind those of ASCII are in the
// encodings of ISO, and in no other.
func decodeBytes(text []byte, table *charmap.Charmap, iso bool) []byte {
	utf := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		r := table.DecodeByte(c)
		if c >= 0x80 && c <= 0x9F && iso {
			r = rune(c)
		} else if r >= 0x80 && r <= 0x9F && !iso {
			r = utf8.RuneError
		}
		utf = utf8.AppendRune(utf, r)
	}
	return utf
}

// cookie is the encoding that a comment in one of the first two lines declares. The second counts if the first holds no token.
func cookie(text []byte) string {
	for range 2 {
		end := bytes.IndexAny(text, "\r\n")
		if end < 0 {
			end = len(text)
		}
		line := bytes.TrimLeft(text[:end], " \t\f")
		if len(line) > 0 && line[0] != '#' {
			return ""
		}
		if name := cookieIn(line); name != "" {
			return name
		}
		if end == len(text) {
			return ""
		}
		if text[end] == '\r' && end+1 < len(text) && text[end+1] == '\n' {
			end++
		}
		text = text[end+1:]
	}
	return ""
}

func cookieIn(comment []byte) string {
	for {
		at := bytes.Index(comment, []byte("coding"))
		if at < 0 {
			return ""
		}
		comment = comment[at+len("coding"):]
		if len(comment) == 0 || comment[0] != ':' && comment[0] != '=' {
			continue
		}
		value := bytes.TrimLeft(comment[1:], " \t")
		n := 0
		for n < len(value) && (class[value[n]] == digit || class[value[n]] == letter && value[n] < utf8.RuneSelf || value[n] == '-' || value[n] == '.') {
			n++
		}
		if n > 0 {
			return string(value[:n])
		}
	}
}

// normalEncoding is the name in lower case, without what Python does not look at.
func normalEncoding(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, same := range []string{"utf-8", "iso-8859-1", "latin-1", "iso-latin-1"} {
		if name == same || strings.HasPrefix(name, same+"-") {
			if same == "utf-8" {
				return same
			}
			return "iso-8859-1"
		}
	}
	if same, ok := pythonNames[name]; ok {
		return same
	}
	return name
}

// pythonNames are encodings by the names that Python has for them, beside those of IANA.
var pythonNames = map[string]string{
	"utf8": "utf-8", "u8": "utf-8", "utf": "utf-8", "utf8-ucs2": "utf-8", "utf8-ucs4": "utf-8", "cp65001": "utf-8", "utf-8-sig": "utf-8",
	"ascii": "us-ascii", "646": "us-ascii", "latin1": "iso-8859-1", "l1": "iso-8859-1", "iso8859-1": "iso-8859-1", "8859": "iso-8859-1",
	"latin": "iso-8859-1", "iso8859": "iso-8859-1", "latin2": "iso-8859-2", "l2": "iso-8859-2", "iso8859-2": "iso-8859-2",
	"iso8859-5": "iso-8859-5", "iso8859-7": "iso-8859-7", "iso8859-15": "iso-8859-15", "latin9": "iso-8859-15", "latin-9": "iso-8859-15",
	"cp1250": "windows-1250", "cp1251": "windows-1251", "cp1252": "windows-1252", "cp1253": "windows-1253", "cp1254": "windows-1254",
	"cp1255": "windows-1255", "cp1256": "windows-1256", "cp1257": "windows-1257", "cp1258": "windows-1258", "cp437": "ibm437",
	"cp850": "ibm850", "cp852": "ibm852", "cp866": "ibm866", "koi8r": "koi8-r", "mac-roman": "macintosh", "macroman": "macintosh",
	"cp932": "shift_jis", "sjis": "shift_jis", "shift-jis": "shift_jis", "eucjp": "euc-jp", "cp936": "gbk", "euckr": "euc-kr", "cp949": "euc-kr",
}

// findEncoding knows those that keep ASCII as it is; nobody writes Python in the others.
func findEncoding(name string) encoding.Encoding {
	if strings.HasPrefix(name, "utf-") || strings.HasPrefix(name, "iso-10646") {
		return nil
	}
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil {
		return nil
	}
	return enc
}
