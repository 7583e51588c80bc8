package webform

import "github.com/motcua/motcua/internal/limit"

// Files of visitors are counted twice before they are kept: of the form, which needs no more than its fields hold and a few tries, and of the network address,
// which many phones share. What became part of something that was sent is given back to the address: a whole quarter may report with photos, and only what
// somebody uploads and leaves lying uses the address up, files too that were dropped from a form before it was sent.

// triesOf is how often a form may send all the files that it can hold: on a bad line, and when somebody chooses others.
const triesOf = 3

func (s *filling) bytesOfAddress() string { return "webform:bytes:" + s.address }

// spend counts the bytes of a file.
func (s *filling) spend(n int) error {
	ofForm := "webform:form-bytes:" + s.ticket.Guest
	if _, err := s.deps.Limiter.Spend(s.ctx, ofForm, limit.Rule{Max: triesOf * int(s.mostBytes(s.fm)), Per: s.cfg.Life}, n); err != nil {
		return err
	}
	if _, err := s.deps.Limiter.Spend(s.ctx, s.bytesOfAddress(), s.cfg.UploadBytes, n); err != nil {
		s.deps.Limiter.Return(s.ctx, ofForm, n)
		return err
	}
	return nil
}

// giveBack gives the bytes of the files that a form took effect with back to the address, once: the same form sent again took no others.
func (s *filling) giveBack() {
	went := 0
	for id, size := range s.ticket.Sizes {
		if s.ticket.holds(id) {
			went += size
		}
	}
	if went == 0 {
		return
	}
	if _, err := s.deps.Limiter.Allow(s.ctx, "webform:given-back:"+s.ticket.ID, limit.Rule{Max: 1, Per: s.cfg.Life}); err == nil {
		s.deps.Limiter.Return(s.ctx, s.bytesOfAddress(), went)
	}
}
