/* SPDX-License-Identifier: Apache-2.0 */
#include "support/scenario_rows.h"

static const struct scenario_row head_rows[] = {
    {HEAD, "'scenario':'a/b','run':{'end':'60s'},", "f:1:1: 'format' is missing in a scenario\n"},
    {HEAD, "'format':2,'scenario':'a/b','run':{'end':'60s'},",
     "f:2:10: 'format' must be 1, the only format there is, not 2\n"},
    {HEAD, "'format':'1','scenario':'a/b','run':{'end':'60s'},",
     "f:2:10: 'format' must be 1, the only format there is, not '1'\n"},
    {HEAD, "'format':1,'scenari':'a/b','run':{'end':'60s'},",
     "f:2:12: unknown key 'scenari' in a scenario; did you mean 'scenario'?\n"},
    {HEAD, "'format':1,'scenario':'A/b','run':{'end':'60s'},",
     "f:2:23: 'scenario' must be a name such as 'rebalance/two-consumer-join', not 'A/b'\n"},
    {HEAD, "'format':1,'scenario':'a//b','run':{'end':'60s'},",
     "f:2:23: 'scenario' must be a name such as 'rebalance/two-consumer-join', not 'a//b'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{},", "f:2:35: 'end' is missing in 'run'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':[],",
     "f:2:35: 'run' must be an object, not a list\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':60},",
     "f:2:42: 'end' must be a duration such as '50ms' or '2s', not 60\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60'},",
     "f:2:42: 'end' must be a duration such as '50ms' or '2s', not '60'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'1h30m'},",
     "f:2:42: 'end' must be one number and one unit, as '90m', not '1h30m'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'0.5us'},",
     "f:2:42: 'end' must be a duration such as '50ms' or '2s', not '0.5us'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'0s'},",
     "f:2:42: 'end' must be from 1us to 1000h, not '0s'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'1001h'},",
     "f:2:42: 'end' must be from 1us to 1000h, not '1001h'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'99999999999999999999s'},",
     "f:2:42: 'end' must be from 1us to 1000h, not '99999999999999999999s'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','clock':'virtual'},",
     "f:2:48: unknown key 'clock' in 'run'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','seed':-1},",
     "f:2:55: 'seed' must be a whole number from 0 to 18446744073709551615, not -1\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','seed':'18446744073709551616'},",
     "f:2:55: 'seed' must be a whole number from 0 to 18446744073709551615, not "
     "'18446744073709551616'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','seed':true},",
     "f:2:55: 'seed' must be a whole number from 0 to 18446744073709551615, not true\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','max_events':0},",
     "f:2:61: 'max_events' must be from 1 to 2147483647, not 0\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','max_events':1.5},",
     "f:2:61: 'max_events' must be a whole number, not 1.5\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','grounds':['simm']},",
     "f:2:59: 'grounds' must be one of 'sim', 'tcp', not 'simm'; did you mean 'sim'?\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','grounds':[]},",
     "f:2:58: 'grounds' must have from 1 to 2 elements, not 0\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s','grounds':'sim'},",
     "f:2:58: 'grounds' must be a list, not 'sim'\n"},
    {HEAD, "'$schema':1,'format':1,'scenario':'a/b','run':{'end':'60s'},",
     "f:2:11: '$schema' must be a text, not 1\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'title':'',",
     "f:2:57: 'title' must have from 1 to 4000 bytes, not 0\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'title':7,",
     "f:2:57: 'title' must be a text, not 7\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'refs':'rmq#1',",
     "f:2:56: 'refs' must be a list, not 'rmq#1'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'refs':[1],",
     "f:2:57: 'refs' must be a text, not 1\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'req':['REB3'],",
     "f:2:56: 'req' must be a requirement such as 'REB-3', not 'REB3'\n"},
    {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'level':'must',",
     "f:2:57: 'level' must be one of 'MUST', 'SHOULD', 'INFO', not 'must'; did you mean "
     "'MUST'?\n"},
    {HEAD, "'format':1,'format':1,'scenario':'a/b','run':{'end':'60s'},",
     "f:2:12: 'format' stands twice, first in line 2\n"},
    {STEPS, "", "f:1:1: 'steps' is missing in a scenario\n"},
    {CHECKS, "'stepz':[],", "f:9:1: unknown key 'stepz' in a scenario; did you mean 'steps'?\n"},
};

static void test_head(void **state)
{
    /* What is wrong around the sections is said with its place and a hint. */
    (void)state;
    scenario_rows_refuse(head_rows, RKMQ_COUNT_OF(head_rows));
}

static const struct scenario_row cluster_rows[] = {
    {CLUSTER, "'cluster':[],", "f:3:11: 'cluster' must be an object, not a list\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}}},",
     "f:3:11: 'topics' is missing in 'cluster'\n"
     "f:5:81: unknown topic 'T'\n"
     "f:5:136: unknown topic 'T'\n"},
    {CLUSTER, "'cluster':{'broker':{'broker-a':{}},'topics':{'T':{'queues':8},'U':{'queues':4}}},",
     "f:3:12: unknown key 'broker' in 'cluster'; did you mean 'brokers'?\n"},
    {CLUSTER, "'cluster':{'nameservers':[],'brokers':{'broker-a':{}},'topics':{'T':{'queues':8}}},",
     "f:3:26: 'nameservers' must have from 1 to 8 elements, not 0\n"},
    {CLUSTER,
     "'cluster':{'nameservers':['N 1'],'brokers':{'broker-a':{}},'topics':{'T':{'queues':8}}},",
     "f:3:27: the id of a name server is made of a-z, 0-9 and -, not 'N 1'\n"},
    {CLUSTER,
     "'cluster':{'nameservers':['n1','n1'],'brokers':{'broker-a':{}},'topics':{'T':{'queues':8}"
     "}},",
     "f:3:32: 'n1' is already the name of a name server\n"},
    {CLUSTER, "'cluster':{'brokers':{},'topics':{'T':{'queues':8}}},",
     "f:3:22: 'brokers' must have from 1 to 26 members, not 0\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{},'broker-c':{}},'topics':{'T':{'queues':8}}},",
     "f:3:37: broker 2 is called 'broker-b', not 'broker-c'\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{'flush':'5s'}},'topics':{'T':{'queues':8}}},",
     "f:3:35: unknown key 'flush' in a broker\n"},
    {CLUSTER,
     "'cluster':{'brokers':{'broker-a':{'offset_flush':'1500us'}},'topics':{'T':{'queues':8}}}"
     ",",
     "f:3:50: 'offset_flush' must be in whole milliseconds, not '1500us'\n"},
    {CLUSTER,
     "'cluster':{'brokers':{'broker-a':{'offset_flush':'1.0005s'}},'topics':{'T':{'queues':8}}}"
     ",",
     "f:3:50: 'offset_flush' must be in whole milliseconds, not '1.0005s'\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{}},",
     "f:3:47: 'topics' must have from 1 to 64 members, not 0\n"
     "f:5:81: unknown topic 'T'\n"
     "f:5:136: unknown topic 'T'\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{}}},",
     "f:3:52: 'queues' is missing in a topic\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':0}}},",
     "f:3:62: 'queues' must be from 1 to 1024, not 0\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':{'broker-b':1}}}},",
     "f:3:63: unknown broker 'broker-b'; did you mean 'broker-a'?\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':{'broker-a':1025}}}},",
     "f:3:74: 'broker-a' must be from 1 to 1024, not 1025\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':[8]}}},",
     "f:3:62: 'queues' must be a number or {'broker-a': 8}, not a list\n"},
    {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':8,'perm':'rx'}}},",
     "f:3:71: 'perm' must be one of 'rw', 'r', 'w', 'none', not 'rx'; did you mean 'rw'?\n"},
    {CLUSTER,
     "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':8},'T/2':{'queues':8}}},",
     "f:3:65: the name of a topic is made of A-Z, a-z, 0-9, _ and -, not 'T/2'\n"},
    {CLUSTER,
     "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':8}},'net':{'latncy':'1ms'}}"
     ",",
     "f:3:73: unknown key 'latncy' in 'net' of the cluster; did you mean 'latency'?\n"},
    {GROUPS, "'groups':{},",
     "f:4:10: 'groups' must have from 1 to 64 members, not 0\n"
     "f:5:64: unknown group 'g'\n"
     "f:5:119: unknown group 'g'\n"},
    {GROUPS, "'groups':{'g':{'retry_max':16}},", "f:4:16: unknown key 'retry_max' in a group\n"},
    {GROUPS, "'groups':{'g':{},'%x':{}},",
     "f:4:18: the name of a group is made of A-Z, a-z, 0-9, _ and -, not '%x'\n"},
    {GROUPS, "'groups':['g'],",
     "f:4:10: 'groups' must be an object, not a list\n"
     "f:5:64: unknown group 'g'\n"
     "f:5:119: unknown group 'g'\n"},
};

static void test_cluster(void **state)
{
    /* What is wrong in "cluster" and "groups" is said with its place and a hint. */
    (void)state;
    scenario_rows_refuse(cluster_rows, RKMQ_COUNT_OF(cluster_rows));
}

static const struct scenario_row actors_rows[] = {
    {ACTORS, "'actors':[],", "f:5:10: 'actors' must be an object, not a list\n"},
    {ACTOR, "{}",
     "f:5:96: 'kind' is missing in a push consumer\n"
     "f:5:96: 'group' is missing in a push consumer\n"
     "f:5:96: 'subscribe' is missing in a push consumer\n"},
    {ACTOR, "{'kind':'pull'}",
     "f:5:96: 'group' is missing in a push consumer\n"
     "f:5:96: 'subscribe' is missing in a push consumer\n"
     "f:5:104: 'kind' must be one of 'push', 'producer', not 'pull'; did you mean 'push'?\n"},
    {ACTOR, "{'kind':'push'}",
     "f:5:96: 'group' is missing in a push consumer\n"
     "f:5:96: 'subscribe' is missing in a push consumer\n"},
    {ACTOR, "7", "f:5:96: 'c2' must be an object, not 7\n"},
    {ACTORS, "'actors':{'C1':{'kind':'producer'}},",
     "f:5:11: the name of an actor is made of a-z, 0-9 and -, not 'C1'\n"},
    {ACTORS, "'actors':{'broker-a':{'kind':'producer'}},",
     "f:5:11: 'broker-a' is already the name of a broker\n"},
    {ACTOR, "{'kind':'producer','group':'g'}", "f:5:115: unknown key 'group' in a producer\n"},
    {ACTOR, "{'kind':'push','group':'gg','subscribe':{'T':'*'}}",
     "f:5:119: unknown group 'gg'; did you mean 'g'?\n"},
    {ACTOR, "{'kind':'push','group':7,'subscribe':{'T':'*'}}",
     "f:5:119: 'group' must be the name of a group, not 7\n"},
    {ACTOR, "{'kind':'push','group':'g','subscribe':{'V':'*'}}",
     "f:5:136: unknown topic 'V'; there are 'T', 'U'\n"},
    {ACTOR, "{'kind':'push','group':'g','subscribe':{'T':''}}",
     "f:5:140: 'T' must be tags such as '*' or 'TagA || TagB', not ''\n"},
    {ACTOR, "{'kind':'push','group':'g','subscribe':{}}", "f:5:135: 'subscribe' names no topic\n"},
    {ACTOR, "{'kind':'push','group':'g','subscribe':'T'}",
     "f:5:135: 'subscribe' must be an object such as {'T': '*'}, not 'T'\n"},
    {PUSH, "'lisener':{}",
     "f:5:145: unknown key 'lisener' in a push consumer; did you mean 'listener'?\n"},
    {PUSH, "'client_id':'c2'",
     "f:5:157: 'client_id' must be a client id such as '10.0.0.1@1', not 'c2'\n"},
    {PUSH, "'client_id':'@1'",
     "f:5:157: 'client_id' must be a client id such as '10.0.0.1@1', not '@1'\n"},
    {PUSH, "'client_id':'10.0.0.1@'",
     "f:5:157: 'client_id' must be a client id such as '10.0.0.1@1', not '10.0.0.1@'\n"},
    {PUSH, "'client_id':2",
     "f:5:157: 'client_id' must be a client id such as '10.0.0.1@1', not 2\n"},
    {PUSH, "'from':'fist'",
     "f:5:152: 'from' must be one of 'last', 'first', not 'fist'; did you mean 'first'?\n"},
    {PUSH, "'listener':{'cost':5}",
     "f:5:164: 'cost' must be a duration such as '50ms' or '2s', not 5\n"},
    {PUSH, "'listener':{'costs':'5ms'}",
     "f:5:157: unknown key 'costs' in a listener; did you mean 'cost'?\n"},
    {PUSH, "'listener':{'verdict':[]}",
     "f:5:167: 'verdict' must have from 1 to 256 elements, not 0\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'key':'x'}}]}",
     "f:5:168: 'then' is missing in a verdict\n"},
    {PUSH, "'listener':{'verdict':[{'then':'fail'}]}",
     "f:5:176: 'then' must be one of 'ok', 'later', not 'fail'\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'kee':'x'},'then':'ok'}]}",
     "f:5:175: unknown key 'kee' in 'if' of a verdict; did you mean 'key'?\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'key':''},'then':'ok'}]}",
     "f:5:181: 'key' must have from 1 to 127 bytes, not 0\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'key':{'is':'x'}},'then':'ok'}]}",
     "f:5:181: 'key' takes one of 'ne' and 'in'\n"
     "f:5:182: unknown key 'is' in a test of a name; did you mean 'in'?\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'reconsume':{}},'then':'ok'}]}",
     "f:5:187: 'reconsume' tests nothing\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'reconsume':{'lt':1,'gt':1}},'then':'ok'}]}",
     "f:5:187: no number passes all of these bounds\n"},
    {PUSH, "'listener':{'verdict':[{'if':{'queue':'T@broker-a'},'then':'ok'}]}",
     "f:5:183: 'queue' must be queues such as 'T@broker-a/0-3' or 'T@*/*', not 'T@broker-a'\n"},
    {PUSH, "'set':{'threads':0}", "f:5:162: 'threads' must be from 1 to 1000, not 0\n"},
    {PUSH, "'set':{'profile':'java'}",
     "f:5:162: 'profile' must be one of 'rkmq', 'java-5.3', not 'java'\n"},
    {PUSH, "'set':{'persist':'0s'}", "f:5:162: 'persist' must be from 1ms to 1000h, not '0s'\n"},
    {PUSH, "'set':{'pull_interval':'1500us'}",
     "f:5:168: 'pull_interval' must be in whole milliseconds, not '1500us'\n"},
    {PUSH, "'set':{'presist':'5s'}",
     "f:5:152: unknown key 'presist' in 'set'; did you mean 'persist'?\n"},
};

static void test_actors(void **state)
{
    /* What is wrong in "actors" is said with its place and a hint. */
    (void)state;
    scenario_rows_refuse(actors_rows, RKMQ_COUNT_OF(actors_rows));
}

static const struct scenario_row faults_rows[] = {
    {FAULTS, "'faults':{},", "f:6:10: 'faults' must be a list, not an object\n"},
    {FAULTS, "'faults':['x'],", "f:6:11: 'faults' must be an object, not 'x'\n"},
    {RULE, "'match':{}", "f:6:11: 'effect' is missing in a fault rule\n"},
    {FAULTS, "'faults':[{'match':{},'effect':'hold'}],",
     "f:6:11: 'id' is missing in a fault rule\n"},
    {FAULTS, "'faults':[{'id':'F 1','match':{},'effect':'hold'}],",
     "f:6:17: the id of a rule is made of a-z, 0-9 and -, not 'F 1'\n"},
    {RULE, "'match':{},'effect':'hold'},{'id':'f1','match':{},'effect':'hold'",
     "f:6:56: a rule 'f1' was defined in line 6\n"},
    {RULE, "'match':{'code':'PULL_MESAGE'},'effect':'hold'",
     "f:6:38: unknown request code 'PULL_MESAGE'; did you mean 'PULL_MESSAGE'?\n"},
    {RULE, "'match':{'code':true},'effect':'hold'",
     "f:6:38: 'code' must be the name or number of a code, not true\n"},
    {RULE, "'match':{'code':70000},'effect':'hold'",
     "f:6:38: 'code' must be from -65535 to 65535, not 70000\n"},
    {RULE, "'match':{'from':'c3'},'effect':'hold'",
     "f:6:38: unknown actor, broker or name server 'c3'; did you mean 'c1'?\n"},
    {RULE, "'match':{'to':'broker-c'},'effect':'hold'",
     "f:6:36: unknown actor, broker or name server 'broker-c'; did you mean 'broker-a'?\n"},
    {RULE, "'match':{'group':'x'},'effect':'hold'",
     "f:6:39: unknown group 'x'; there are 'g', 'h'\n"},
    {RULE, "'match':{'phase':'x'},'effect':'hold'", "f:6:31: unknown key 'phase' in 'match'\n"},
    {RULE, "'match':{'queue':'T@broker-a/0-3'},'effect':'hold'",
     "f:6:39: 'queue' must be one queue such as 'T@broker-a/3', not 'T@broker-a/0-3'\n"},
    {RULE, "'match':{'queue':'T@broker-a/8'},'effect':'hold'",
     "f:6:39: there is no queue 8 in 'T@broker-a/8': it never has more than 8\n"},
    {RULE, "'match':{'queue':7},'effect':'hold'",
     "f:6:39: 'queue' must be one queue such as 'T@broker-a/3', not 7\n"},
    {RULE, "'match':{'queue':'T@broker-a/0','topic':'T'},'effect':'hold'",
     "f:6:31: 'queue' already says what 'topic' says\n"},
    {RULE, "'match':{'queue':'T@broker-a/0','to':'broker-a'},'effect':'hold'",
     "f:6:31: 'queue' already says what 'to' says\n"},
    {RULE, "'match':{},'nth':0,'effect':'hold'",
     "f:6:39: 'nth' must be from 1 to 2147483647, not 0\n"},
    {RULE, "'match':{},'nth':'5..2','effect':'hold'",
     "f:6:39: 'nth' must be a number from 1 on, '2..5' or '2..', not '5..2'\n"},
    {RULE, "'match':{},'nth':'5','effect':'hold'",
     "f:6:39: 'nth' must be a number from 1 on, '2..5' or '2..', not '5'\n"},
    {RULE, "'match':{},'p':0,'effect':'hold'",
     "f:6:37: 'p' must be a chance from 0.000001 to 1, such as 0.05\n"},
    {RULE, "'match':{},'p':1.5,'effect':'hold'",
     "f:6:37: 'p' must be a chance from 0.000001 to 1, such as 0.05\n"},
    {RULE, "'match':{},'p':0.0000001,'effect':'hold'",
     "f:6:37: 'p' must be a chance from 0.000001 to 1, such as 0.05\n"},
    {RULE, "'match':{},'p':'1','effect':'hold'",
     "f:6:37: 'p' must be a chance from 0.000001 to 1, such as 0.05\n"},
    {RULE, "'match':{},'times':0,'effect':'hold'",
     "f:6:41: 'times' must be from 1 to 2147483647, not 0\n"},
    {RULE, "'match':{},'effect':'holt'", "f:6:42: unknown effect 'holt'; did you mean 'hold'?\n"},
    {RULE, "'match':{},'effect':'delay'",
     "f:6:42: effect 'delay' needs a value: 'effect': {'delay': ...}\n"},
    {RULE, "'match':{},'effect':{'hold':'1s'}",
     "f:6:43: effect 'hold' takes no value: 'effect': 'hold'\n"},
    {RULE, "'match':{},'effect':{'delay':'1s','hold':1}",
     "f:6:42: a rule has one effect, not 2: write a rule for each\n"},
    {RULE, "'match':{},'effect':['hold']",
     "f:6:42: 'effect' must be one effect such as 'hold' or {'delay': '2s'}, not a list\n"},
    {RULE, "'match':{},'effect':{'delay':'100us'}",
     "f:6:51: 'delay' must be from 1ms to 1000h, not '100us'\n"},
    {RULE, "'match':{},'effect':{'reply':'SYSTEM_BUZY'}",
     "f:6:51: unknown response code 'SYSTEM_BUZY'; did you mean 'SYSTEM_BUSY'?\n"},
    {RULE, "'match':{},'effect':{'reply':{'remark':'x'}}",
     "f:6:51: 'code' is missing in 'reply'\n"},
    {RULE, "'match':{},'effect':{'close':'reset'}",
     "f:6:51: 'close' must be one of 'fin', 'rst', not 'reset'; did you mean 'rst'?\n"},
    {RULE, "'match':{},'effect':{'truncate':-1}",
     "f:6:54: 'truncate' must be from 0 to 65536, not -1\n"},
    {RULE, "'match':{},'effect':'hold','applied':'maybe'",
     "f:6:59: 'applied' must be one of 'no', 'yes', 'either', not 'maybe'\n"},
    {RULE, "'match':{},'effect':'drop-reply','applied':'no'",
     "f:6:65: this effect is always 'applied': 'yes'\n"},
    {RULE, "'match':{},'effect':{'garble':3},'applied':'either'",
     "f:6:65: this effect is always 'applied': 'yes'\n"},
};

static void test_faults(void **state)
{
    /* What is wrong in a fault rule is said with its place and a hint. */
    (void)state;
    scenario_rows_refuse(faults_rows, RKMQ_COUNT_OF(faults_rows));
}

static const struct scenario_row rest_rows[] = {
    {CHECKS, "'checks':[],", "f:9:10: 'checks' must be an object, not a list\n"},
    {CHECKS, "'checks':{'profil':'default'},",
     "f:9:11: unknown key 'profil' in 'checks'; did you mean 'profile'?\n"},
    {CHECKS, "'checks':{'profile':'orderly'},",
     "f:9:21: 'profile' must be one of 'default', not 'orderly'\n"},
    {CHECKS, "'checks':{'params':{'overlap':'2s'}},",
     "f:9:21: unknown key 'overlap' in 'params' of the checks; did you mean 'overlap_max'?\n"},
    {CHECKS, "'checks':{'params':{'regress_allowed_at':'step:s1'}},",
     "f:9:42: 'regress_allowed_at' must be a list, not 'step:s1'\n"},
    {CHECKS, "'checks':{'params':{'regress_allowed_at':['step:s3']}},",
     "f:9:43: unknown step 's3'; did you mean 's1'?\n"},
    {CHECKS, "'checks':{'except':['OWN-1']},",
     "f:9:20: 'except' must be an object with a reason for each, {'OWN-1': '...'}, not a "
     "list\n"},
    {CHECKS, "'checks':{'except':{'OWN-1':''}},",
     "f:9:29: 'OWN-1' must be the reason for this exception, not ''\n"},
    {CHECKS, "'checks':{'except':{'OWN-11':'because'}},",
     "f:9:21: unknown check 'OWN-11'; did you mean 'OWN-1'?\n"},
    {SWEEP, "'sweep':7", "f:10:9: 'sweep' must be an object, not 7\n"},
    {SWEEP, "'sweep':{'seed':'1..5'}",
     "f:10:10: unknown key 'seed' in 'sweep'; did you mean 'seeds'?\n"},
    {SWEEP, "'sweep':{'seeds':'5..1'}",
     "f:10:18: 'seeds' must be a range such as '1..200', not '5..1'\n"},
    {SWEEP, "'sweep':{'seeds':'1-5'}",
     "f:10:18: 'seeds' must be a range such as '1..200', not '1-5'\n"},
    {SWEEP, "'sweep':{'seeds':[]}",
     "f:10:18: 'seeds' must be a range such as '1..200', not a list\n"},
    {SWEEP, "'sweep':{'seeds':5}", "f:10:18: 'seeds' must be a range such as '1..200', not 5\n"},
    {SWEEP, "'sweep':{'vary':{}}", "f:10:17: from 1 to 8 places can vary, not 0\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/7/at':['1s']}}",
     "f:10:18: '/steps/7/at' leads to nothing in this file\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0':['1s']}}",
     "f:10:18: '/steps/0' leads to no text, number, true or false\n"},
    {SWEEP, "'sweep':{'vary':{'/sweep/seeds':['1s']},'seeds':'1..2'}",
     "f:10:18: 'sweep' itself cannot vary\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':[]}}",
     "f:10:32: from 1 to 1000 values can be varied, not 0\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':[{}]}}",
     "f:10:33: a value that varies is a text, a number, true or false\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':'1s'}}",
     "f:10:32: '/steps/0/at' must be a list of values or {'from', 'to', 'step'}, not '1s'\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':{'from':'1s','to':'2s'}}}",
     "f:10:32: 'step' is missing in a range\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':{'from':'1s','to':2,'step':'1s'}}}",
     "f:10:50: 'to' must be a duration such as '50ms' or '2s', not 2\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':{'from':'2s','to':'1s','step':'1s'}}}",
     "f:10:32: this range does not have from 1 to 1000 values\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':{'from':'1s','to':'2s','step':'1ms'}}}",
     "f:10:32: this range does not have from 1 to 1000 values\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':['1s','2x']}}",
     "f:10:38: 'at' must be a moment such as '12s', 'step:join' or 'mark:x+2s', not '2x' (with "
     "/steps/0/at=2x)\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/at':{'from':'59s','to':'61s','step':'1s'}}}",
     "f:10:32: 'at' is behind the end of the run, 1m (with /steps/0/at=61s)\n"},
    {SWEEP, "'sweep':{'vary':{'/steps/0/do/mark':['m1','M2']}}",
     "f:10:43: the id of a mark is made of a-z, 0-9 and -, not 'M2' (with "
     "/steps/0/do/mark=M2)\n"},
};

static void test_rest(void **state)
{
    /* What is wrong in "checks" and "sweep", and in a value that varies, is said with its place. */
    (void)state;
    scenario_rows_refuse(rest_rows, RKMQ_COUNT_OF(rest_rows));
}

static void test_all_at_once(void **state)
{
    /* One run reports the mistakes of every section, in the order of the file; above
     * RKMQ_MISTAKES_MAX the rest is counted. */
    struct test_mem tm;
    struct rkmq_bytes file, report;
    struct rkmq_scenario *sc;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&file, &tm.mem);
    rkmq__bytes_init(&report, &tm.mem);
    rkmq__bytes_add_text(&file,
                         "{\"format\":1,\"scenario\":\"a\",\"run\":{\"end\":\"1\"},\n"
                         "\"cluster\":{\"brokers\":{\"broker-a\":{}},\"topics\":{\"T\":{}}},\n"
                         "\"steps\":[{\"at\":\"2x\",\"do\":{\"start\":\"c1\"}}],\n"
                         "\"expect\":[{\"id\":\"E\"}],\"check\":{}}");
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
    scenario_rows_assert(
        &report,
        "f:1:41: 'end' must be a duration such as '50ms' or '2s', not '1'\n"
        "f:2:52: 'queues' is missing in a topic\n"
        "f:3:16: 'at' must be a moment such as '12s', 'step:join' or 'mark:x+2s', not '2x'\n"
        "f:3:35: unknown actor 'c1'\n"
        "f:4:11: an expectation takes exactly one of 'eventually', 'always', 'never', 'count', "
        "'sequence', 'gaps', 'sometimes'\n"
        "f:4:17: the id of an expectation is made of a-z, 0-9 and -, not 'E'\n"
        "f:4:23: unknown key 'check' in a scenario; did you mean 'checks'?\n");
    rkmq__bytes_clear(&file);
    rkmq__bytes_clear(&report);
    rkmq__bytes_add_text(&file, "{\n");
    for (int i = 0; i < 60; i++) {
        rkmq__bytes_printf(&file, "\"x%d\":1,\n", i);
    }
    rkmq__bytes_add_text(&file, "\"format\":1}");
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
    rkmq__bytes_add(&report, "", 1);
    assert_non_null(strstr((const char *)report.p, "f:47:1: unknown key \"x45\" in a scenario\n"
                                                   "f: and 14 more\n"));
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
    test_mem_assert_empty(&tm);
}

static void test_forms(void **state)
{
    /* What is no scenario at all is refused by what it is. */
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", "f:1:1: a value expected, not the end of the file\n"},
        {"[]", "f:1:1: a scenario is an object, not a list\n"},
        {"{}", "f:1:1: 'format' is missing in a scenario\n"
               "f:1:1: 'scenario' is missing in a scenario\n"
               "f:1:1: 'run' is missing in a scenario\n"
               "f:1:1: 'cluster' is missing in a scenario\n"
               "f:1:1: 'steps' is missing in a scenario\n"},
        {"// nothing\n{\n  \"a\": 1,\n}", "f:3:9: no comma may stand before the closing bracket\n"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_bytes file, report;
        struct rkmq_scenario *sc;
        rkmq__bytes_init(&file, &tm.mem);
        rkmq__bytes_init(&report, &tm.mem);
        rkmq__bytes_add_text(&file, rows[i].text);
        assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
        scenario_rows_assert(&report, rows[i].expected);
        rkmq__bytes_close(&file);
        rkmq__bytes_close(&report);
    }
    test_mem_assert_empty(&tm);
}

/* `n` times `item`, a format with the number, between `before` and `behind`. */
struct many {
    enum scenario_place place;
    const char *before, *item, *behind;
    size_t n_max;
    const char *expected; /* with one more */
};

static void try_many(const struct rkmq_mem *mem, const struct many *many, size_t n,
                     const char *expected)
{
    struct rkmq_bytes text, file, report;
    struct rkmq_scenario *sc;
    rkmq__bytes_init(&text, mem);
    rkmq__bytes_init(&file, mem);
    rkmq__bytes_init(&report, mem);
    rkmq__bytes_add_text(&text, many->before);
    for (size_t i = 0; i < n; i++) {
        const char *at = strchr(many->item, '#');
        rkmq__bytes_add_text(&text, i > 0 ? "," : "");
        if (at) {
            rkmq__bytes_add(&text, many->item, (size_t)(at - many->item));
            rkmq__bytes_printf(&text, "%zu%s", i, at + 1);
        } else {
            rkmq__bytes_add_text(&text, many->item);
        }
    }
    rkmq__bytes_add_text(&text, many->behind);
    rkmq__bytes_add(&text, "", 1);
    scenario_rows_file(&file, many->place, (const char *)text.p);
    assert_int_equal(scenario_rows_parse(mem, &file, 0, &sc, &report),
                     expected ? RKMQ_E_INVALID : RKMQ_OK);
    if (expected) {
        scenario_rows_assert(&report, expected);
    }
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&text);
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
}

static void test_limits(void **state)
{
    /* Every list and table is accepted up to its limit and refused with one element more. */
    static const struct many rows[] = {
        {CLUSTER, "'cluster':{'nameservers':[", "'n#'",
         "],'brokers':{'broker-a':{},'broker-b':{}},'topics':{'T':{'queues':8}}},",
         RKMQ_SCENARIO_NAMESRVS_MAX,
         "f:3:26: 'nameservers' must have from 1 to 8 elements, not 9\n"},
        {CLUSTER, "'cluster':{'brokers':{'broker-a':{}},'topics':{'T':{'queues':1},",
         "'X#':{'queues':1}", "}},", RKMQ_SCENARIO_TOPICS_MAX - 1,
         "f:3:47: 'topics' must have from 1 to 64 members, not 65\n"
         "f:5:81: unknown topic 'T'\nf:5:136: unknown topic 'T'\n"},
        {GROUPS, "'groups':{'g':{},", "'x#':{}", "},", RKMQ_SCENARIO_GROUPS_MAX - 1,
         "f:4:10: 'groups' must have from 1 to 64 members, not 65\n"
         "f:5:64: unknown group 'g'\nf:5:119: unknown group 'g'\n"},
        {ACTORS, "'actors':{", "'x#':{'kind':'producer'}", "},", RKMQ_SCENARIO_ACTORS_MAX,
         "f:5:10: there are more than 256 actors\n"},
        {PUSH, "'listener':{'verdict':[", "{'then':'ok'}", "]}", RKMQ_SCENARIO_LIST_MAX,
         "f:5:167: 'verdict' must have from 1 to 256 elements, not 257\n"},
        {FAULTS, "'faults':[", "{'id':'x#','match':{},'effect':'hold'}", "],",
         RKMQ_SCENARIO_FAULTS_MAX, "f:6:10: 'faults' must have from 1 to 256 elements, not 257\n"},
        {STEPS, "'steps':[", "{'at':'1s','do':{'mark':'m'}}", "],", RKMQ_SCENARIO_STEPS_MAX,
         "f:7:9: 'steps' must have from 1 to 1000 elements, not 1001\n"},
        {ACTION, "[", "{'mark':'m1'}", "]", RKMQ_SCENARIO_ACTIONS_MAX,
         "f:7:36: 'do' must have from 1 to 64 elements, not 65\n"},
        {EXPECTS, "'expect':[", "{'id':'x#','never':{'ev':'req'}}", "],", RKMQ_SCENARIO_EXPECTS_MAX,
         "f:8:10: 'expect' must have from 0 to 256 elements, not 257\n"},
        {SWEEP, "'sweep':{'vary':{'/steps/0/at':[", "'1s'", "]}}", RKMQ_SCENARIO_VALUES_MAX,
         "f:10:32: from 1 to 1000 values can be varied, not 1001\n"},
        {HEAD, "'format':1,'scenario':'a/b','run':{'end':'60s'},'title':'", "x", "',",
         RKMQ_SCENARIO_TEXT_BYTES_MAX / 2,
         "f:2:57: 'title' must have from 1 to 4000 bytes, not 4001\n"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        try_many(&tm.mem, &rows[i], rows[i].n_max, NULL);
        try_many(&tm.mem, &rows[i], rows[i].n_max + 1, rows[i].expected);
    }
    test_mem_assert_empty(&tm);
}

static const struct scenario_row big_limits_rows[] = {
    {CLUSTER,
     "'cluster':{'brokers':{'x0':{},'x1':{},'x2':{},'x3':{},'x4':{},'x5':{},'x6':{},'x7':{},'x8':{}"
     ",'x9':{},'x10':{},'x11':{},'x12':{},'x13':{},'x14':{},'x15':{},'x16':{},'x17':{},'x18':{},'"
     "x19':{},'x20':{},'x21':{},'x22':{},'x23':{},'x24':{},'x25':{},'x26':{}},'topics':{'T':{'"
     "queues':1}}},",
     "f:3:22: 'brokers' must have from 1 to 26 members, not 27\n"},
    {STEPS,
     "'steps':[{'id':'"
     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn','at':'1s','do':{'mark':'m1'}}],",
     "f:7:16: the id of a step has more than 127 bytes\n"},
    {SWEEP,
     "'sweep':{'vary':{'/format':[1],'/scenario':['a/b'],'/run/end':['60s'],'/steps/0/"
     "at':['1s'],"
     "'/steps/0/id':['s1'],'/steps/0/do/mark':['m1'],'/faults/0/id':['f1'],"
     "'/faults/0/effect':['hold'],'/actors/p1/kind':['producer']}}",
     "f:10:17: from 1 to 8 places can vary, not 9\n"},
    {SWEEP,
     "'sweep':{'vary':{'/steps/0/at':{'from':'1ms','to':'1s','step':'1ms'},"
     "'/run/end':{'from':'10001ms','to':'11s','step':'1ms'}}}",
     "f:10:17: these make more than 100000 variants\n"},
};

static void test_big_limits(void **state)
{
    /* The limits that take more than a list: brokers, places that vary, variants, bytes of a file.
     */
    struct test_mem tm;
    struct rkmq_bytes file, report;
    struct rkmq_scenario *sc;
    (void)state;
    scenario_rows_refuse(big_limits_rows, RKMQ_COUNT_OF(big_limits_rows));
    test_mem_init(&tm);
    rkmq__bytes_init(&file, &tm.mem);
    rkmq__bytes_init(&report, &tm.mem);
    scenario_rows_file(&file, HEAD, NULL);
    size_t n = RKMQ_SCENARIO_BYTES_MAX - file.n;
    memset(rkmq__bytes_reserve(&file, n), ' ', n);
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_OK);
    rkmq__scenario_destroy(sc);
    rkmq__bytes_add_text(&file, " ");
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
    scenario_rows_assert(&report, "f:1:1: the file has more than 1048576 bytes\n");
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),       cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_actors),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_rest),       cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_forms),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_big_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
