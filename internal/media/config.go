package media

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config is the section media of the configuration.
type Config struct {
	BaseURL      string        `koanf:"base_url"`      // begins every address handed out, scheme://host without a slash at the end; "" makes them relative
	UploadTTL    time.Duration `koanf:"upload_ttl"`    // life of an upload address; default 1h, time enough to begin on a bad line
	LinkTTL      time.Duration `koanf:"link_ttl"`      // shortest life of a read address, the longest is twice as long; default 1h: short for what leaks, long enough for caches
	MaxPhoto     int64         `koanf:"max_photo"`     // bytes of one photo; default 12582912 (12 MB), what phones of today make
	MaxVideo     int64         `koanf:"max_video"`     // bytes of one video, or of one recording of the city's own; default 52428800 (50 MB), the city's rule
	MaxPixels    int64         `koanf:"max_pixels"`    // width times height of a photo; default 40000000
	DecodeMemory int64         `koanf:"decode_memory"` // bytes that all photos being decoded may take together; one photo that would need more is refused; default 402653184 (384 MB)
	MaxDecodes   int           `koanf:"max_decodes"`   // photos decoded at once, so that other requests get their share of the processors; default 2
	DecodeWait   time.Duration `koanf:"decode_wait"`   // longest wait of a photo for its turn to be decoded; default 20s
	BlobTimeout  time.Duration `koanf:"blob_timeout"`  // longest time for the blob store to take one file; default 2m
	MaxLoose     int           `koanf:"max_loose"`     // uploads of one citizen that are attached to nothing yet; default 30
	OrphanAfter  time.Duration `koanf:"orphan_after"`  // an upload attached to nothing is removed after this; default 24h
	Retention    time.Duration `koanf:"retention"`     // what is attached to a case lives as long as the case and at most this much longer: it is how often the case is asked for, and how long one may be missing because it is still being made; default 168h (7 days): keys are remembered as long, so a case that is not there by then never comes
	SpoolDir     string        `koanf:"spool_dir"`     // folder on a real disk for uploads under way; "" means the system's temporary folder
	MinFree      int64         `koanf:"min_free"`      // bytes that stay free on the disk of a folder bucket: below it files of guests are refused; 0 asks for none
	SyncFiles    bool          `koanf:"sync_files"`    // force each file to disk before it is acknowledged (folder buckets only); default true, so that a power cut loses nothing

	// Strangers are guests for whom nobody vouches: visitors of the web chat. What they send and attach to nothing takes room that anybody can use up.
	StrangerOrphanAfter time.Duration `koanf:"stranger_orphan_after"` // the same as orphan_after for theirs; 0 means 2h
	StrangerBytes       int64         `koanf:"stranger_bytes"`        // bytes of all of theirs that are attached to nothing; 0 means 5368709120 (5 GB)
}

// What a setting that is zero means.
func (c Config) strangerOrphanAfter() time.Duration {
	return cmp.Or(c.StrangerOrphanAfter, 2*time.Hour)
}
func (c Config) strangerBytes() int64 { return cmp.Or(c.StrangerBytes, 5<<30) }

// Validate reports every setting that is out of range.
func (c Config) Validate() error {
	var faults setting.Faults
	for _, d := range []struct {
		key string
		v   time.Duration
	}{
		{"upload_ttl", c.UploadTTL}, {"link_ttl", c.LinkTTL}, {"decode_wait", c.DecodeWait},
		{"blob_timeout", c.BlobTimeout}, {"orphan_after", c.OrphanAfter}, {"retention", c.Retention},
	} {
		faults.Refuse(d.v < time.Second, d.key, "must be at least 1s")
	}
	faults.Refuse(c.OrphanAfter < 2*c.UploadTTL, "orphan_after", "must be at least twice upload_ttl, else uploads are swept while they run")
	for _, n := range []struct {
		key string
		v   int64
	}{{"max_photo", c.MaxPhoto}, {"max_video", c.MaxVideo}, {"max_pixels", c.MaxPixels}, {"max_loose", int64(c.MaxLoose)}, {"max_decodes", int64(c.MaxDecodes)}} {
		faults.Refuse(n.v < 1, n.key, "must be positive")
	}
	faults.Refuse(c.StrangerOrphanAfter != 0 && c.StrangerOrphanAfter < time.Second, "stranger_orphan_after", "must be at least 1s, or 0")
	faults.Refuse(c.StrangerBytes < 0 || c.MinFree < 0, "stranger_bytes, min_free", "must not be negative")
	if c.DecodeMemory < minDecode {
		faults.Add("decode_memory", "must be at least %d", int64(minDecode))
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "" || strings.HasSuffix(c.BaseURL, "/")) {
		faults.Add("base_url", "must be scheme://host without a slash at the end")
	}
	return faults.Err()
}
