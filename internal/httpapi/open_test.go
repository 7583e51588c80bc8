package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/httpapi"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	app := fiber.New()
	httpapi.MountOpen(app, func(app string) string { return map[string]string{"feedback": "feedback.mine"}[app] })
	for path, want := range map[string]string{
		httpapi.OpenPath("feedback", "0191/é?x=1"): "/chat?ref=feedback.mine",
		httpapi.OpenPath("feedback", ""):           "/chat?ref=feedback.mine",
		"/open/no-such-service/1":                  "/chat",
		"/open/%2F%2Fevil.example/":                "/chat",
	} {
		resp, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusFound, resp.StatusCode, path)
		require.Equal(t, want, resp.Header.Get("Location"), path)
	}
}
