package redact

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
)

// Handler returns a handler that redacts messages and attributes and passes them to next. Values that are
// neither numbers, times nor text are printed and passed as text: whatever they would encode to later
// could not be looked at any more. Attributes whose key names a token keep only its digest.
func Handler(next slog.Handler, r *Redactor) slog.Handler { return &handler{next, r} }

type handler struct {
	next slog.Handler
	r    *Redactor
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, h.r.Text(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.next.WithAttrs(h.attrs(attrs)), h.r}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.next.WithGroup(name), h.r}
}

func (h *handler) attrs(list []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(list))
	for i, a := range list {
		out[i] = h.attr(a)
	}
	return out
}

func (h *handler) attr(a slog.Attr) slog.Attr {
	if a.Equal(slog.Attr{}) {
		return a // handlers leave it out
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		return slog.Attr{Key: h.r.Text(a.Key), Value: slog.GroupValue(h.attrs(v.Group())...)}
	case slog.KindString, slog.KindAny:
		text := h.text(v)
		if TokenName(a.Key) && !isDigest(text) {
			text = h.r.Digest(text)
		}
		return slog.String(h.r.Text(a.Key), text)
	}
	return slog.Attr{Key: h.r.Text(a.Key), Value: v} // numbers, booleans and times hold no token
}

func (h *handler) text(v slog.Value) string {
	switch x := v.Any().(type) {
	case string:
		return h.r.Text(x)
	case nil:
		return "<nil>"
	case []byte:
		return h.r.Text(string(x))
	case *url.URL:
		return h.r.URL(x.String())
	case *http.Request:
		return x.Method + " " + h.r.URL(x.URL.String())
	case http.Header:
		return fmt.Sprint(h.r.Header(x))
	default:
		return h.r.Text(fmt.Sprintf("%+v", x))
	}
}
