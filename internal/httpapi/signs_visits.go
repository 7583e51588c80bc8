package httpapi

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// fetchers are programs that open addresses by themselves, for a preview in a chat or a search engine: parts of how they name themselves, in lower case. What
// they open is no scan. Programs of other kinds are counted, because whoever scans by program is to be noticed.
//
// Sources: developers.facebook.com/docs/sharing/webmasters/web-crawlers (facebookexternalhit, facebot, meta-externalagent, meta-externalfetcher),
// developers.google.com/crawling (googlebot, googleother, google-inspectiontool, adsbot-google), bing.com/webmasters (bingbot, bingpreview), help.coccoc.com
// (coccocbot), support.apple.com/119829 (applebot); the others as they were seen in logs.
var fetchers = []string{
	"facebookexternalhit", "facebot", "meta-externalagent", "meta-externalfetcher", "googlebot", "googleother", "google-inspectiontool", "adsbot-google", "bingbot",
	"bingpreview", "coccocbot", "applebot", "twitterbot", "telegrambot", "slackbot", "discordbot", "linkedinbot", "skypeuripreview", "yandexbot", "duckduckbot",
	"baiduspider", "petalbot", "bytespider", "gptbot", "claudebot", "amazonbot",
}

// isVisit tells whether a person is likely to look at what is asked for: it is shown, not asked for in advance, and no fetcher asks.
func isVisit(c *fiber.Ctx) bool {
	if c.Method() != fiber.MethodGet || c.Get("Purpose") == "prefetch" || strings.HasPrefix(c.Get("Sec-Purpose"), "prefetch") {
		return false
	}
	return !isFetcher(c.Get(fiber.HeaderUserAgent))
}

func isFetcher(agent string) bool {
	if strings.HasPrefix(agent, "WhatsApp/") || strings.HasPrefix(agent, "Zalo") || strings.HasPrefix(agent, "Viber/") { // in the browsers inside these apps, Mozilla comes first
		return true
	}
	if len(agent) > 512 {
		agent = agent[:512]
	}
	for i := range len(agent) { // once through it: this is done for every scan
		for _, name := range fetchersBy[agent[i]|' '] {
			if len(agent)-i >= len(name) && strings.EqualFold(agent[i:i+len(name)], name) {
				return true
			}
		}
	}
	return false
}

// fetchersBy has them by their first letter.
var fetchersBy = func() (by [256][]string) {
	for _, name := range fetchers {
		by[name[0]] = append(by[name[0]], name)
	}
	return by
}()
