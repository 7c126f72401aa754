#!/bin/sh
# classpulse-central on the PATH: what belongs to the service as the service's user, so that what it writes is the
# service's; anything else as whoever calls it.
case ${1-} in
  serve | check-config)
    umask 077
    if [ "$(id -u)" -eq 0 ]; then
      exec runuser -u classpulse-central -- /opt/classpulse-central/bin/classpulse-central "$@"
    fi
    ;;
esac
exec /opt/classpulse-central/bin/classpulse-central "$@"
