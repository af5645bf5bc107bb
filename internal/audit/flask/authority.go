package flask

import "strings"

// strength says what a decorator wants of the caller.
type strength uint8

const (
	noCheck  strength = iota
	optional          // it looks at who asks, and lets everybody pass
	login             // somebody, whoever
	rights            // somebody with certain rights
)

// authDecorators are decorators of libraries, by their dotted names as resolve gives them; with () where the decorator is what a call gives.
var authDecorators = map[string]strength{
	"flask_login.login_required": login, "flask_login.fresh_login_required": rights,
	"flask_jwt_extended.jwt_required": login, "flask_jwt_extended.jwt_required()": login, "flask_jwt_extended.fresh_jwt_required": rights,
	"flask_jwt_extended.jwt_refresh_token_required": login, "flask_jwt_extended.jwt_optional": optional,
	"flask_jwt.jwt_required": login, "flask_jwt.jwt_required()": login,
	"flask_jwt_simple.jwt_required": login, "flask_jwt_simple.jwt_optional": optional,
	"flask_security.login_required": login, "flask_security.auth_required": login, "flask_security.auth_required()": login, "flask_security.auth_token_required": login,
	"flask_security.http_auth_required": login, "flask_security.http_auth_required()": login,
	"flask_security.roles_required()": rights, "flask_security.roles_accepted()": rights, "flask_security.permissions_required()": rights,
	"flask_security.permissions_accepted()": rights,
	"flask_user.login_required":             login, "flask_user.roles_required()": rights, "flask_user.roles_accepted()": rights, "flask_user.confirm_email_required": login,
	"flask_praetorian.auth_required": login, "flask_praetorian.roles_required()": rights, "flask_praetorian.roles_accepted()": rights, "flask_praetorian.auth_accepted": optional,
	"flask_simplelogin.login_required": login, "flask_simplelogin.login_required()": login,
	"flask_cognito.cognito_auth_required": login, "flask_cognito.cognito_group_permissions()": rights,
	"flask_appbuilder.security.decorators.has_access": rights, "flask_appbuilder.security.decorators.has_access_api": rights,
	"flask_appbuilder.security.decorators.protect": rights, "flask_appbuilder.security.decorators.protect()": rights,
	"flask_appbuilder.has_access":            rights,
	"flask_allows.requires()":                rights,
	"flask_cas.login_required":               login,
	"flask_kerberos.requires_authentication": login,
	"flask_stormpath.login_required":         login, "flask_stormpath.groups_required()": rights,
	"google.appengine.api.users.login_required": login,
	"flask_azure_oauth.FlaskAzureOauth()()":     rights,
	"flask_discord.requires_authorization":      login,
	"flask_pyjwt.require_token()":               login,
	"flask_jwt_router.jwt_routes":               login,
}

// authMethods are decorators that are methods of an object of a library: the class, then the method.
var authMethods = []struct {
	class, method string
	strength      strength
}{
	{"flask_httpauth.", "login_required", login},
	{"authlib.integrations.flask_oauth2.ResourceProtector()", "", login},
	{"flask_oauthlib.provider.", "require_oauth", login},
	{"flask_oidc.OpenIDConnect()", "require_login", login},
	{"flask_oidc.OpenIDConnect()", "accept_token", login},
	{"flask_oidc.OpenIDConnect()", "require_keycloak_role", rights},
	{"flask_pyoidc.OIDCAuthentication()", "oidc_auth", login},
	{"flask_pyoidc.flask_pyoidc.OIDCAuthentication()", "oidc_auth", login},
	{"flask_pyoidc.OIDCAuthentication()", "token_auth", login},
	{"flask_principal.Permission()", "require", rights},
	{"flask_basicauth.BasicAuth()", "required", login},
	{"flask_jwt_extended.JWTManager()", "jwt_required", login},
	{"flask_allows.Allows()", "requires", rights},
	{"flask_authorize.Authorize()", "", rights},
	{"flask_saml2.", "login_required", login},
	{"flask_peewee.auth.Auth()", "login_required", login},
	{"flask_peewee.auth.Auth()", "admin_required", rights},
	{"flask_googlelogin.GoogleLogin()", "login_required", login},
	{"flask_openid.OpenID()", "require_login", login},
	{"flask_rbac.RBAC()", "allow", rights},
	{"flask_pyjwt.AuthManager()", "require_token", login},
	{"flask_simplelogin.SimpleLogin()", "login_required", login},
	{"identity.flask.Auth()", "login_required", login},
}

// authority is what a library's decorator wants; ok is false where the name is none of these.
func authority(name string) (strength, bool) {
	if s, ok := authDecorators[name]; ok {
		return s, true
	}
	for _, m := range authMethods {
		rest, ok := strings.CutPrefix(name, m.class)
		if !ok {
			continue
		}
		if m.method == "" {
			if strings.HasPrefix(rest, "(") || rest == "" || strings.HasPrefix(rest, ".") && rest != ".register_token_validator" {
				return m.strength, true
			}
			continue
		}
		_, last, found := strings.Cut(rest, ".")
		if !found {
			continue
		}
		if i := strings.LastIndexByte(last, '.'); i >= 0 {
			last = last[i+1:]
		}
		if strings.TrimSuffix(last, "()") == m.method {
			return m.strength, true
		}
	}
	return noCheck, false
}
