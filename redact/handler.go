package redact

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
)

// Handler returns a handler that redacts messages and attributes and passes them to next. Values that are
// neither numbers, times nor text are printed and passed as text: whatever they would encode to later
// could not be looked at any more. Attributes whose key, or whose group's, names a credential keep only its
// digest.
func Handler(next slog.Handler, r *Redactor) slog.Handler { return &handler{next, r, false} }

type handler struct {
	next    slog.Handler
	r       *Redactor
	telling bool // the name of the group around says that it holds credentials
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, h.r.Text(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a, h.telling))
		return true
	})
	return h.next.Handle(ctx, out)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.next.WithAttrs(h.attrs(attrs, h.telling)), h.r, h.telling}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.next.WithGroup(h.r.Text(name)), h.r, h.telling || telling(name)}
}

func (h *handler) attrs(list []slog.Attr, secret bool) []slog.Attr {
	out := make([]slog.Attr, len(list))
	for i, a := range list {
		out[i] = h.attr(a, secret)
	}
	return out
}

func (h *handler) attr(a slog.Attr, secret bool) slog.Attr {
	if a.Equal(slog.Attr{}) {
		return a // handlers leave it out
	}
	secret = secret || telling(a.Key)
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		return slog.Attr{Key: h.r.Text(a.Key), Value: slog.GroupValue(h.attrs(v.Group(), secret)...)}
	case slog.KindString, slog.KindAny:
		if secret {
			return slog.String(h.r.Text(a.Key), h.digest(v))
		}
		text := h.text(v)
		return slog.String(h.r.Text(a.Key), text)
	}
	return slog.Attr{Key: h.r.Text(a.Key), Value: v} // numbers, booleans and times hold no token
}

// digest stands for a value that is a credential by its name.
func (h *handler) digest(v slog.Value) string {
	text := fmt.Sprintf("%+v", v.Any())
	if b, ok := bytesOf(v.Any()); ok {
		text = string(b)
	}
	if isDigest(text) {
		return text // of a Secret
	}
	return h.r.Digest(text)
}

// bytesOf is the content of a []byte under any name, such as json.RawMessage.
func bytesOf(x any) ([]byte, bool) {
	v := reflect.ValueOf(x)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 {
		return nil, false
	}
	return v.Bytes(), true
}

func (h *handler) text(v slog.Value) string {
	switch x := v.Any().(type) {
	case string:
		return h.r.Text(x)
	case nil:
		return "<nil>"
	case *http.Cookie:
		if x == nil {
			return "<nil>"
		}
		return x.Name + "=" + h.r.mark(x.Value)
	case *url.URL:
		return h.r.URL(x.String())
	case *http.Request:
		return x.Method + " " + h.r.URL(x.URL.String())
	case http.Header:
		return fmt.Sprint(h.r.Header(x))
	default:
		if b, ok := bytesOf(x); ok {
			return h.r.Text(string(b))
		}
		return h.r.Text(fmt.Sprintf("%+v", x))
	}
}
