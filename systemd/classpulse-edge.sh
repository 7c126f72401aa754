#!/bin/sh
# classpulse-edge on the PATH: as the service's user, so that what it writes is the service's.
umask 077
if [ "$(id -u)" -eq 0 ]; then
  exec runuser -u classpulse -- /opt/classpulse/bin/classpulse-edge "$@"
fi
exec /opt/classpulse/bin/classpulse-edge "$@"
