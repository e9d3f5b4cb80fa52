"""Pure: from a snapshot to the DNS records that must exist and the answer of any question.

Where a rule of the reference lives, by its section:

    1.1 Service                           pairs.py (ports, headless), model/objects.py; watched or not: watched.py
    1.2 EndpointSlice                     endpoint_slices.py
    1.3 Pod, 1.4 Namespace                watched.py: what the server watches
    1.5 ServiceImport                     multicluster.py
    1.6 indexes                           model/snapshot.py
    2.1 choosing the zone                 zones.py, server_keys.py, elsewhere.py (server blocks)
    2.2 reading the name                  name_parsing.py
    2.3 order of decisions                decision_order.py, pairs.py
    2.4 types, 2.5 negative answers       resolve.py; the SOA: apex.py
    2.6 TTL                               config.py, kubernetes_options.py, apex.py, transfer.py
    2, 3 why a name is (not) there        why.py, why_names.py, why_endpoints.py, why_address.py, reasons.py
    4 endpoint names                      endpoint_names.py
    5 SRV                                 srv.py
    6 order and duplicates                a_aaaa.py, srv.py, pairs.py
    7 PTR                                 ptr.py, reverse_names.py
    8 ExternalName, aliases               external_name.py, decision_order.py
    9 pod names                           pod_names.py
    10 apex: SOA, NS, ns.dns, dns-version apex.py, dns_service.py
    11 options                            kubernetes_options.py; effects: watched.py, label_selectors.py, zonal.py
    13 zone transfer                      transfer.py
    14 the chain around the plugin        plugin_chain.py, other_plugins.py; the Corefile: corefile.py
    14.2 cache                            cache.py, cache_options.py
    15.1 message size                     message_size.py
    15.2, 15.3 search lists               search_list.py
"""
