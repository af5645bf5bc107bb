package bearer

import (
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"
)

// edwards25519 is the curve of RFC 8032 §5.1, -x²+y² = 1+dx²y², in arithmetic that anybody can check.
type edwards25519 struct{ p, d *big.Int }

type point struct{ x, y *big.Int }

func newEdwards25519() edwards25519 {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	return edwards25519{p, d.Mod(d, p)}
}

func (c edwards25519) mul(a, b *big.Int) *big.Int {
	product := new(big.Int).Mul(a, b)
	return product.Mod(product, c.p)
}

func (c edwards25519) ratio(a, b *big.Int) *big.Int { return c.mul(a, new(big.Int).ModInverse(b, c.p)) }

func (c edwards25519) plus(a, b *big.Int) *big.Int {
	sum := new(big.Int).Add(a, b)
	return sum.Mod(sum, c.p)
}

func (c edwards25519) minus(a *big.Int) *big.Int { return c.plus(new(big.Int).Neg(a), new(big.Int)) }

// at is a point with this y; false where there is none.
func (c edwards25519) at(y *big.Int) (point, bool) {
	one := big.NewInt(1)
	square := c.mul(y, y)
	square = c.ratio(c.plus(square, c.minus(one)), c.plus(c.mul(c.d, square), one)) // x² = (y²-1)/(dy²+1)
	x := new(big.Int).ModSqrt(square, c.p)
	return point{x, y}, x != nil
}

func (c edwards25519) add(a, b point) point {
	one := big.NewInt(1)
	t := c.mul(c.d, c.mul(c.mul(a.x, b.x), c.mul(a.y, b.y)))
	return point{
		c.ratio(c.plus(c.mul(a.x, b.y), c.mul(a.y, b.x)), c.plus(one, t)),
		c.ratio(c.plus(c.mul(a.y, b.y), c.mul(a.x, b.x)), c.plus(one, c.minus(t))),
	}
}

// Keys of small order are refused: all there are, in every encoding, and none but them. The list is not trusted but computed.
func TestSmallOrder(t *testing.T) {
	c := newEdwards25519()
	one, zero := big.NewInt(1), new(big.Int)
	var encodings []string
	points := map[string]bool{}
	take := func(y *big.Int) {
		p, ok := c.at(y)
		if !ok {
			t.Fatalf("no point has y = %x", y)
		}
		double := c.add(p, p)
		double = c.add(double, double)
		if eight := c.add(double, double); eight.x.Cmp(zero) != 0 || eight.y.Cmp(one) != 0 {
			t.Errorf("the order of y = %x does not divide 8", y)
		}
		points[p.x.String()+" "+p.y.String()] = true
		points[c.minus(p.x).String()+" "+p.y.String()] = true
		// y, and y+p where that has 255 bits too.
		for n := new(big.Int).Set(y); n.BitLen() <= 255; n.Add(n, c.p) {
			b := n.FillBytes(make([]byte, 32))
			slices.Reverse(b)
			encodings = append(encodings, hex.EncodeToString(b))
		}
	}
	take(one)
	take(c.minus(one)) // order 2
	take(zero)         // order 4
	// Of order 8 are those whose double has y = 0: (y²+x²)/(1-dx²y²) = 0, so x² = -y², and dy⁴+2y²-1 = 0.
	root := new(big.Int).ModSqrt(c.plus(one, c.d), c.p)
	for _, root := range []*big.Int{root, c.minus(root)} {
		if y := new(big.Int).ModSqrt(c.ratio(c.plus(root, c.minus(one)), c.d), c.p); y != nil {
			take(y)
			take(c.minus(y))
		}
	}
	if len(points) != 8 {
		t.Errorf("%d points, and there are 8", len(points))
	}
	slices.Sort(encodings)
	if !slices.Equal(encodings, smallPoints) {
		t.Errorf("computed %q, listed %q", encodings, smallPoints)
	}
	for _, text := range encodings {
		for _, sign := range []byte{0, 0x80} {
			key, _ := hex.DecodeString(text)
			key[31] |= sign
			if k := (Key{Public: ed25519.PublicKey(key)}); k.suits("EdDSA") {
				t.Errorf("taken: %x", key)
			}
		}
	}

	// What anybody could make up under one of them: R = S = 0 stands for many messages under y = 0.
	forged := false
	for i := range byte(64) {
		forged = forged || ed25519.Verify(make([]byte, 32), []byte{i}, make([]byte, 64))
	}
	if !forged {
		t.Error("a key of small order forges nothing, and is refused for nothing")
	}
	public := theSigners().ed.Public().(ed25519.PublicKey)
	if k := (Key{Public: public}); !k.suits("EdDSA") {
		t.Error("a good key is refused")
	}
}
