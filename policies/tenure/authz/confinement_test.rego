package tenure.confinement_test

import data.tenure.authz_test as request

confined := {"roles": ["tenant-admin"], "tenants": [request.own]}

confined_admin := {"roles": ["admin"], "tenants": [request.own]}

on_tenant := {action | some action, grant in data.actions; grant.touches == "tenant"}

test_a_confined_caller_may_access_its_own_tenant if {
	every action in on_tenant {
		response := request.decide(action, confined_admin, request.tenant(request.own))
		response.allow
		response.rules == ["authz.confined", "authz.role"]
		response.obligations == []
	}
}

test_foreign_and_absent_tenants_get_the_same_denial if {
	every action in on_tenant {
		foreign := request.decide(action, confined_admin, request.tenant(request.foreign))
		absent := request.decide(action, confined_admin, request.absent)
		foreign == absent
		foreign.deny == [{
			"rule": "authz.confined",
			"message": "The caller is confined to tenants that do not include this one.",
			"fix": "Name a tenant that the token is confined to, or use a token that includes this one.",
		}]
	}
}

test_the_denial_names_no_tenant if {
	response := request.decide("tenant.get", confined, request.tenant(request.foreign))
	not contains(json.marshal(response), "acme")
	not contains(json.marshal(response), request.foreign)
	not contains(json.marshal(response), request.own)
}

test_a_caller_confined_to_no_tenant_may_access_none if {
	every tenants in [[], null, false, "", {}] {
		actor := {"roles": ["admin"], "tenants": tenants}
		every action in on_tenant {
			request.decide(action, actor, request.tenant(request.own)).rules == ["authz.confined"]
		}
	}
}

test_a_confined_caller_may_not_use_fleet_actions if {
	every action in ["tenant.create", "plan.apply", "plan.delete", "region.apply", "region.delete", "template.apply", "template.delete"] {
		response := request.decide(action, confined_admin, request.tenant(request.own))
		response.allow == false
		response.deny == [{
			"rule": "authz.confined",
			"message": $"A caller that is confined to certain tenants may not use {action}, which concerns more than these tenants.",
			"fix": "Use a token that is not confined to tenants.",
		}]
	}
}

test_a_list_obliges_the_server_to_filter if {
	every action in ["tenant.list", "operation.list", "event.list"] {
		response := request.decide(action, confined, {"kind": "Tenant"})
		response.allow
		response.obligations == [{"id": "confine-to-tenants"}]
	}
}

test_a_denied_list_has_no_obligation if {
	response := request.decide("tenant.list", {"roles": [], "tenants": [request.own]}, {"kind": "Tenant"})
	response.allow == false
	response.obligations == []
}

test_a_list_of_an_unconfined_caller_has_no_obligation if {
	request.decide("tenant.list", {"roles": ["viewer"]}, {"kind": "Tenant"}).obligations == []
}

test_a_confined_caller_may_read_plans_and_regions if {
	every action in ["plan.get", "plan.list", "region.get", "region.list"] {
		response := request.decide(action, confined, {"kind": "Plan", "name": "team"})
		response.allow
		response.obligations == []
	}
}

test_a_confined_caller_may_check_its_access if {
	response := request.decide("access.check", confined, {"kind": "Caller"})
	response.allow
	response.obligations == []
}

test_tenant_admin_must_be_confined if {
	every roles in [["tenant-admin"], ["tenant-admin", "admin"]] {
		response := request.decide("tenant.get", {"roles": roles}, request.tenant(request.own))
		response.allow == false
		response.deny == [{
			"rule": "authz.confinement_required",
			"message": "The role tenant-admin requires a token that names its tenants.",
			"fix": "Use a token with a \"tenants\" claim, or one without this role.",
		}]
	}
}

test_tenant_admin_changes_nothing if {
	every action in on_tenant - {"event.get", "operation.get", "tenant.get", "tenant.open"} {
		request.decide(action, confined, request.tenant(request.own)).rules == ["authz.role"]
	}
}
