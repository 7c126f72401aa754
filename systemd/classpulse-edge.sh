#!/bin/sh
# classpulse-edge on the PATH: as the service's user, so that what it writes is the service's; and with the secrets
# where the config's "credential:NAME" looks for them, since systemd hands them to the service only.
CREDENTIALS_DIRECTORY=${CREDENTIALS_DIRECTORY:-/etc/classpulse}
export CREDENTIALS_DIRECTORY
umask 077
if [ "$(id -u)" -eq 0 ]; then
  exec runuser -u classpulse -- /opt/classpulse/bin/classpulse-edge "$@"
fi
exec /opt/classpulse/bin/classpulse-edge "$@"
