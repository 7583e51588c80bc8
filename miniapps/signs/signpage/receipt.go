package signpage

import (
	"strconv"
	"strings"
	"time"
)

// Signer proves what an address carries; *secret.Box does.
type Signer interface {
	Sign(purpose, data string) string
	Verify(purpose, data, signature string) bool
}

const (
	proofOf = "sign page thanks"
	// proofLife is how long the page of thanks can be loaded again, or read in another language. Who sends the address on shows what was truly told; later than
	// that the address leads to the plate's page.
	proofLife = time.Hour
	maxProof  = 200 // bytes
)

// prove gives what was told at the plate of a page, with the proof that it was. Nobody else can make an address at which the city says that it has heard
// something, or shows a code.
func (p *Pages) prove(a *Answer, kind, code string) Told {
	at := strconv.FormatInt(p.deps.Now().Unix(), 36)
	return Told{Kind: kind, Code: code, Proof: at + "." + p.deps.Signer.Sign(proofOf, proven(a, kind, code, at))}
}

// proved tells whether that was told at the plate of a page, and not long ago.
func (p *Pages) proved(a *Answer, t Told) bool {
	at, signature, ok := strings.Cut(t.Proof, ".")
	if !ok || len(t.Proof) > maxProof || !p.deps.Signer.Verify(proofOf, proven(a, t.Kind, t.Code, at), signature) {
		return false
	}
	seconds, err := strconv.ParseInt(at, 36, 64)
	age := p.deps.Now().Sub(time.Unix(seconds, 0))
	return err == nil && age < proofLife && age > -time.Minute // clocks of two replicas differ
}

func proven(a *Answer, kind, code, at string) string {
	return strings.Join([]string{a.Sign, kind, code, at}, "\x00")
}
