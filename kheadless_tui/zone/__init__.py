"""Pure: from a snapshot to the DNS records that must exist and the answer of any question.

Where a rule lives, in the order in which a server comes to it:

    serving/       how the zone is served     corefile.py (the file), plugin_chain.py (server block, plugins), config.py
                   the kubernetes plugin      kubernetes_options.py, label_selectors.py
                   choosing the server block  elsewhere.py, server_keys.py
                   the name changed in front  rewriting.py, go_regex.py
                   other plugins, cache       other_plugins.py, cache_options.py
                   the Service of the DNS     dns_service.py
    objects/       what the server watches    watched.py: Services, slices, pods and namespaces under these options
                   kept of a Service          pairs.py (ports, addresses, headless)
                   kept of an EndpointSlice   endpoint_slices.py; of a ServiceImport multicluster.py
                   topology zones             zonal.py
    naming/        choosing the zone          zones.py
                   reading the name           name_parsing.py; names as text: names.py
                   endpoint, pod, PTR names   endpoint_names.py, pod_names.py, reverse_names.py
    answering/     order of decisions         decision_order.py
                   types                      query_types.py; by number (TYPE33): type_numbers.py
                   records by type            a_aaaa.py, srv.py, ptr.py, external_name.py (CNAME), soa.py
                   apex                       apex.py: SOA, NS, ns.dns, dns-version
                   negative answers           negative_answers.py, with the SOA of soa.py
                   TTL, duplicates            ttl.py, duplicates.py
                   cache, message size        cache.py, message_size.py
                   zone transfer              transfer.py
    stub/          stub resolvers             search_list.py, resolv_conf.py; who is asked: asked_servers.py, retries.py
    explanations/  why a name is (not) there  why.py, why_names.py, why_endpoints.py, why_ports.py, why_imports.py,
                                              why_address.py, reasons.py

What a question goes through from end to end is in resolve.py (the server) and served_block.py (one server block), the
records that must exist for a Service and for the whole zone in zone_records.py and rewritten_records.py, what must be
read for a question in dependence.py.
"""
