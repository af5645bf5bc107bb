# Flask-AppBuilder: the cache stands between expose and has_access.
# not run: Flask-AppBuilder is not among the packages of the tests
from flask_appbuilder import BaseView, expose, has_access

from . import appbuilder, cache


class ChartView(BaseView):
    route_base = "/charts"
    default_view = "summary"

    @expose("/summary")
    @cache.cached(timeout=300)  # want: flask/cache-before-auth
    @has_access
    def summary(self):
        return self.render_template("summary.html", points=[1, 2, 3])


appbuilder.add_view(ChartView, "Charts", category="Reports")
