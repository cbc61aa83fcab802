"""Inventories of Ansible that are hard to read, in each of its layouts."""

from typing import Any

HARD_INI = r"""
# no section yet
lone a=1 bytes="b'x'"
db:2222 x='a b' y="{'k': 1, 2: (1, 2)}" z=1e3 q=007 r=0x10 s="'007'" t=None u="['a',]"
quoting one="a\"b" two='a"b' three=a\ b four="" five='' six=a"b"c seven="'it\'s'"
typing b=True c=yes d=1_000 e=-5 f=1.50 g="1 + 1" h="{1, 2}" j=... k=1j l="\d"
odd =empty m== n="a=b" o=[1,2] p={} w=None1 v='"5"'
[2001:db8::1]:22 k=1
2001:db8::2 ansible_host=10.0.0.9
2001:DB8::3
192.0.2.7
192.0.2.8 ansible_host=192.0.2.8
192.0.2.9 ansible_host=192.0.2.10 ansible_port=2200
[2001:db8::4]:2201

[web]
web[01:03:2].ex[a:c:2].com n=5   # a comment
cut#here x=1
tail-:22
10.0.0.[1:2] ansible_port=22 ansible_host=10.0.0.1
grüße.example ü=ä
UPPER_case-1
[5:7]node
f[8:10]x[1:2]
named ansible_host=web.example.com ansible_port="'22'"
tmpl ansible_host="{{ inventory_hostname }}.lan" note='{% raw %}'

[web:vars]
p=8080 # a comment
s = "quoted"
b=FALSE
t=hello # no comment
l=[1, 2]
empty=
ansible_group_priority=10

[late-parent:children]
web
later  # declared below

[later]
; nothing
[a1:children]
a2
[a2:children]
a3
[a3:children]
a4
[a4:children]
a5
[a5]
deep v=host
db:9999
[a1:vars]
v=1
w=1
[a5:vars]
w=5
[only-children:children]
[all:vars]
everywhere=x
[ungrouped]
also-lone
db
[ungrouped:children]
later
"""

HARD_YAML = """
---
all:
  vars: &shared
    date: 2024-01-01
    time: 2024-01-01 10:00:00
    zoned: 2024-01-01T10:00:00+02:00
    sexagesimal: 12:30
    exponent: 1e3
    float: 1.0e+3
    octal: 017
    other_octal: 0o17
    hex: 0x1F
    under: 1_000
    yes: no
    'on': off
    tilde: ~
    numbers: {1: a, null: c, 1.5: d, true2: e}
    set: !!set {only}
    omap: !!omap [a: 1, b: 2]
    binary_like: !!str 5
    value: "="
    python: !!python/unicode 'text'
  hosts:
    merged:
      <<: *shared
      octal: 8
    twice: {<<: [{a: 1, b: 1}, {a: 2, c: 2}], b: 3}
    unsafe:
      x: !unsafe '{{ x }}'
      y: !unsafe {k: ['{{ q }}', 5, 1.5, null]}
      n: !unsafe 5
      known: plain {{ x }}
      marked: !unsafe
        - plain {{ x }}
        - 5
    vault:
      v: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        61626364
        65666768
      folded: !vault "garbage"
      in_list: [!vault "x", {deep: !vault-encrypted "y"}]
    ? bare
    :
    "d[1:2]:9":
    null_vars: ~
    empty_list: []
    "5": {n: five}
    "2001:db8::1": {ansible_host: "2001:db8::1"}
    "[2001:db8::2]:22": {}
    template:
      t: "{{ foo }}"
      b a d: 1
      multi: "a\\nb"
      block: |+
        kept

      folded: >-
        one
        two
    "spaced name": {}
    fqdn: {ansible_host: web.example.com, ansible_port: "22", ansible_user: root}
    none: {ansible_host: None}
    ip: {ansible_host: 10.0.0.1, ansible_port: 2222}
  children:
    g1:
      hosts: string_host
    g2:
      hosts: {merged: {late: 1}, "many[001:130]": }
      children:
        g3:
        g4: {}
        g5: {children: {g6: {children: {g7: {hosts: {deepest: {}}, vars: {d: 7}}}}}}
      vars:
env-prod: {hosts: {ip: }, vars: {ansible_group_priority: 5}}
"""

MANY_GROUPS = "\n".join(
    [f"[g{n}]\nbusy\n[g{n}:vars]\nv{n}={n}\nsame={n}" for n in range(130)]
    + ["[parent:children]"]
    + [f"g{n}" for n in range(130)]
)

SCRIPT: dict[str, Any] = {
    "_meta": {
        "hostvars": {
            "web[01:03]": {"a": 1},
            "db:2222": {"ansible_port": 22, "ansible_host": "10.0.0.1"},
            "u": {"v": {"__ansible_vault": "x"}, "w": {"__ansible_unsafe": "{{ x }}"}},
            "stray": {"lost": True},
        },
        "profile": "inventory_legacy",
    },
    "all": {"children": ["ungrouped", "web", "empty"], "vars": {"e": [1, None, 2.5]}},
    "ungrouped": {"hosts": ["u"]},
    "web": {"hosts": ["web[01:03]"], "children": ["sub"], "vars": {"x": "1"}},
    "sub": ["db:2222", "plain"],
    "bare": {"host_var": 1},
}

STATIC_JSON = {
    "all": {
        "hosts": {"a[1:2]": {"x": 1}, "b": None},
        "vars": {"v": 1.5},
        "children": {"g": {"hosts": {"a1": None}, "children": {"h": None}}},
    }
}

# As people write them: variables before the group, remote shells in quotes, passwords.
PLAIN_INI = r"""
[web:vars]
ansible_user=deploy   # the user
url=http://x:80/#frag
ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q bastion@192.0.2.4"'
ntp=["0.pool", '1.pool']
users={'user1': '$apr1$x/y.', 'n': True}
json='{"BuildDefaults":{"env":[{"name":"HTTP_PROXY","value":"http://proxy:3128"}]}}'
mode=0644
version=1.10
list=a, b, c
set={'a'}
calls={{ lookup("env", "X") | default('y') }}
spaced = out
[web]
web[01:50:12] idx=1 # step
h1:2222
  indented ansible_ssh_host=10.0.0.1 ansible_ssh_port=2222
localhost ansible_connection=local ansible_python_interpreter="/usr/bin/env python3"
[all:children]
web
[web:children]
sub
[sub]
h1 x=1 ansible_port=2201
h2 x="it's" y='say "hi"' z=a=b=c w="#no" v=#c empty= blank=""
win1 ansible_user=DOMAIN\\user ansible_password=P@$$w0rd! a="D\\u" b='D\u' c=<x> d=`id`
osd devices="[ '/dev/sdb', '/dev/sdc' ]" region={'region':'infra'}
[dup]
h1 x=2 # the later one counts
[dup:vars]
x=9
ansible_group_priority=5
[mac]
[one-1.x:vars]
a=1
[one-1.x]
h3
"""

ANCHORS_YAML = """%YAML 1.1
---
x-common: &common
  ansible_user: root
  tags: [a, b]
x-list: [1, 2]
x-text: hello
all:
  hosts:
    a: *common
    b:
      <<: *common
      tags: [c]
    c: {<<: [*common, {z: 1}], ansible_user: me}
    sw-1: {vlan: 010, mac: 00:11:22:33:44:55, version: 15.10, part: 50%, at: "@x"}
    "sw 2": {a: "", b: "\t", c: '', isis_net: 49.0001.0000.0015.00}
web:
  hosts: a
db:
  hosts:
    "db[1:3]:2222": {k: v}
    db2: {k: w}
    "[2001:db8::5]:22": {q: 1}
  children:
    sub:
    sub2: {vars: {q: 1}}
  foo: bar
dot.group: {children: {db: }}
...
"""
