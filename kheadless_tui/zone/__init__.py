"""Pure: from a snapshot to the DNS records that must exist and the answer of any question.

Where a rule lives, in the order in which a server comes to it:

    how the zone is served                corefile.py (the file), plugin_chain.py (server block and plugins), config.py
    options of the kubernetes plugin      kubernetes_options.py, label_selectors.py
    what the server watches               watched.py: Services, slices, pods and namespaces under these options
    what it keeps of a Service            pairs.py (ports, addresses, headless)
    what it keeps of an EndpointSlice     endpoint_slices.py; of a ServiceImport multicluster.py
    choosing the server block             elsewhere.py, server_keys.py; the name changed in front: rewriting.py
    choosing the zone                     zones.py
    reading the name                      name_parsing.py; names as text: names.py
    order of decisions                    decision_order.py, its lists are made of pairs.py
    types                                 query_types.py; by number (TYPE33): type_numbers.py
    negative answers                      negative_answers.py, with the SOA of soa.py
    TTL                                   ttl.py
    endpoint names                        endpoint_names.py
    A and AAAA, SRV                       a_aaaa.py, srv.py
    order and duplicates                  duplicates.py
    PTR                                   ptr.py, reverse_names.py
    ExternalName, aliases                 external_name.py
    pod names                             pod_names.py
    apex: SOA, NS, ns.dns, dns-version    apex.py, soa.py; the Service in front of DNS: dns_service.py
    multicluster, topology zones          multicluster.py, zonal.py
    zone transfer                         transfer.py
    cache                                 cache.py, cache_options.py
    other plugins of the chain            other_plugins.py; which questions they concern: elsewhere.py
    message size                          message_size.py
    stub resolvers                        search_list.py, resolv_conf.py; which server: asked_servers.py
    why a name is (not) there             why.py, why_names.py, why_endpoints.py, why_imports.py, why_address.py,
                                          reasons.py

What a question goes through from end to end is in resolve.py (the server) and served_block.py (one server block), the
records that must exist for a Service and for the whole zone in zone_records.py, what must be read for a question in
dependence.py.
"""
