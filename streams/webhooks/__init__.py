"""Webhooks: changes of alerts posted to configured receivers, in the format of Alertmanager's (version 4).

One active sender follows the alerts' outbox for every receiver by itself, so that one that is slow or away
holds up no other. A receiver gets each change at least once; what was sent twice carries the same id.
Requests are signed as Standard Webhooks 1.0 says. Only the operator's settings name receivers: nothing that
is recorded or asked for leads the sender anywhere.
"""
